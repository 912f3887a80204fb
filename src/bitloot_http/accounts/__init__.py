"""
Accounts of the staff: passwords, second factors, sessions. What they open is the console.

Nothing here knows a page or a request; `handlers.console` does.
"""
