"""networks.py COMMAND...: runs the command where 8.8.8.8 and 10.9.9.9 are this
machine's, and outside.example and inside.example their names: in a network of
its own, with mounts of its own (`unshare -n -m`). At port 8080 of each address,
and of 127.0.0.1, a server answers /to?URL with a redirect to that URL, and any
other path with its address. Each request is a line of stdout."""
import http.server, subprocess, sys, tempfile, threading

class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        address = self.server.server_address[0]
        print("%s%s" % (address, self.path), flush=True)
        leads_on = self.path.startswith("/to?")
        body = b"" if leads_on else address.encode()
        self.send_response(302 if leads_on else 200)
        if leads_on:
            self.send_header("Location", self.path[4:])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

with tempfile.NamedTemporaryFile("w") as hosts:
    hosts.write("8.8.8.8 outside.example\n10.9.9.9 inside.example\n")
    hosts.flush()
    subprocess.check_call(["mount", "--bind", hosts.name, "/etc/hosts"])
subprocess.check_call(["ip", "link", "set", "lo", "up"])
for address in ["8.8.8.8", "10.9.9.9", "127.0.0.1"]:
    if address != "127.0.0.1":
        subprocess.check_call(["ip", "addr", "add", address + "/32", "dev", "lo"])
    server = http.server.ThreadingHTTPServer((address, 8080), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
sys.exit(subprocess.call(sys.argv[1:]))
