"""How days, times and numbers are written in each language. Hours run to 24 in all of them."""
