"""Several hypotheses, or several looks at one: who may claim what, and when."""
