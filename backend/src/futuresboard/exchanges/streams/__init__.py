"""The exchanges' public websockets: what is listened to, the connections, and how messages are read."""
