"""
`bitloot doctor`: is everything set, reachable and in order, and if not, what is to be done?

Nothing here changes anything that matters: what is written to try a thing out is taken away again, no mail is sent,
nothing is bought, and no secret is ever shown.
"""
