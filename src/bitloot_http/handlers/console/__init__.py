"""
The pages of the staff. They ask and decide through the same ports and use cases as the admin API.
"""
