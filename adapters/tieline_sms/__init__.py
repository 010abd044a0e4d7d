"""Tieline on phones: SMS and WhatsApp through Twilio."""
