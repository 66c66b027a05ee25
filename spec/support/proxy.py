"""Between a client and a Redis: python3 proxy.py PORT TARGET, and a word a line
on stdin: pass, stall (nothing comes back), reset (every connection, once),
"lead PORT" (new connections go there), or "to PORT" (and the old ones are reset)."""
import socket
import struct
import sys
import threading
import time

target = int(sys.argv[2])
is_stalled = False
pairs = []


def reset(sock):
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        sock.shutdown(socket.SHUT_RD)
        sock.close()
    except OSError:
        pass


def pump(source, sink, waits):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            while waits and is_stalled:
                time.sleep(0.02)
            sink.sendall(data)
    except OSError:
        pass
    reset(source)
    reset(sink)


def accept(server):
    while True:
        client, _ = server.accept()
        try:
            redis = socket.create_connection(("127.0.0.1", target))
        except OSError:
            reset(client)
            continue
        for sock in (client, redis):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pairs.append((client, redis))
        for source, sink, waits in ((client, redis, False),
                                    (redis, client, True)):
            threading.Thread(target=pump, args=(source, sink, waits),
                             daemon=True).start()


server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen(200)
threading.Thread(target=accept, args=(server,), daemon=True).start()
for line in sys.stdin:
    word, *rest = line.split()
    if word in ("pass", "stall"):
        is_stalled = word == "stall"
    if word in ("lead", "to"):
        target = int(rest[0])
    if word in ("reset", "to"):
        while pairs:
            for sock in pairs.pop():
                reset(sock)
