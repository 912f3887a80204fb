"""
The pages for people: templates, one style sheet, one small script, and what they show.

Every page works without the script and without any other host. Text that is not ours is always escaped.
"""
