"""What a channel is: how its messages are read, and how a Reply looks on it. Channel `sms` is `sms.py`.

Law: pure; a channel never saves, never opens a connection, knows no flow and no case.
"""
