"""How an effect varies between centers."""
