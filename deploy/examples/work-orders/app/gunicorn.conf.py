"""`gunicorn shop.wsgi` in this folder. Django's own server splits an answer in two packets, which costs 40 ms."""

import os

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
threads = 8
# Its place is one for all servers of a user.
control_socket_disable = True
