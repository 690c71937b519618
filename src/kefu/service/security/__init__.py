"""Who may ask for what, how often and how much at once: held against every request before its body is read."""
