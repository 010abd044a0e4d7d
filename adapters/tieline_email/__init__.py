"""E-mail, by IMAP and SMTP. Read :mod:`tieline_email.adapter` first; the hub finds its manifest."""
