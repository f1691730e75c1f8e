"""The network: one file per provider (`telegram`, `twilio`, `simulator`).

Law: a transport sends one Part and says what became of it; it never retries, saves or decides.
"""
