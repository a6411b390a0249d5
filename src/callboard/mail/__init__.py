"""What is written and sent: compose, render, outbox, SMTP, bounces."""
