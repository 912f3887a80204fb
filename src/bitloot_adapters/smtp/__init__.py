"""Mail through the operator's mail server (SMTP submission): encrypted, logged in, one connection a mail."""

from bitloot_adapters.smtp.mailer import SmtpMailer
from bitloot_adapters.smtp.server import Encryption, Login, SmtpServer

__all__ = ["Encryption", "Login", "SmtpMailer", "SmtpServer"]
