"""Before the study: margins, sample sizes and power."""
