#!/usr/bin/env python3
"""Carries packets between two network namespaces, each of them late by so many milliseconds: a long wire, for kernels
without netem.

    relay.py MILLISECONDS NAMESPACE ADDRESS/BITS NAMESPACE ADDRESS/BITS
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 1, 0x1000, 0x40000000
# Packets as large as can be: there are fewer of them.
MTU = 60000


def end(namespace, address):
    """A device in a namespace, and the file that its packets come out of."""
    with open("/var/run/netns/" + namespace) as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
            sys.exit(f"error: {namespace}: {os.strerror(ctypes.get_errno())}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"eth0", IFF_TUN | IFF_NO_PI))
    for command in (f"address add {address} dev eth0", f"link set eth0 mtu {MTU} up"):
        subprocess.run(["ip"] + command.split(), check=True)
    return device


delay = float(sys.argv[1]) / 1000
ends = [end(sys.argv[2], sys.argv[3]), end(sys.argv[4], sys.argv[5])]
other = {ends[0]: ends[1], ends[1]: ends[0]}
waiting = collections.deque()
while True:
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        _, device, packet = waiting.popleft()
        try:
            os.write(device, packet)
        except OSError:
            pass  # A packet that is lost is sent again.
    timeout = max(0, waiting[0][0] - now) if waiting else None
    for device in select.select(ends, [], [], timeout)[0]:
        waiting.append((time.monotonic() + delay, other[device], os.read(device, MTU + 100)))
