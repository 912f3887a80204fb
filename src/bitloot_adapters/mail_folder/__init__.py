"""Mail as `.eml` files in a folder: for the demo, for one machine without a mail server, and for looking at mails."""

from bitloot_adapters.mail_folder.mailer import FolderMailer

__all__ = ["FolderMailer"]
