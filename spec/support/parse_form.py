"""Reads requests as a server would that knows nothing of this module.

usage: python3 parse_form.py <file>...

Each file is one request as it came: head and body. Prints a JSON list with one
object for each: {"fields": [[name, type, text], ...], "files": [{"name",
"file_name", "type", "hex"}, ...], "order": "text text file"}. Of a JSON body
`type` is Python's, and the fields stand in the order they were sent, twice where
they were sent twice. Forms are read by the email package, JSON by json.
"""

import email
import email.message
import json
import sys


def read_json(body):
    pairs = json.loads(body.decode("utf-8"), object_pairs_hook=list)
    fields = [[name, type(value).__name__, value] for name, value in pairs]
    return {"fields": fields, "files": [], "order": "json"}


def disposition_of(part):
    """The raw header, for the parsed one has lost what is not ASCII."""
    for name, value in part.raw_items():
        if name.lower() == "content-disposition":
            raw = value.encode("ascii", "surrogateescape").decode("utf-8")
            header = email.message.Message()
            header["Content-Disposition"] = raw
            return header
    raise ValueError("a part without Content-Disposition")


def read_part(part):
    header = disposition_of(part)
    if header.get_content_disposition() != "form-data":
        raise ValueError("a part that is no form-data")
    if part.get("Content-Transfer-Encoding"):
        raise ValueError("a part with a transfer encoding")
    return {
        "name": header.get_param("name", header="content-disposition"),
        "file_name": header.get_filename(),
        "type": part["Content-Type"],
        "bytes": part.get_payload(decode=True),
    }


def read_form(message):
    if not message.is_multipart() or message.defects:
        raise ValueError("no good form: %r" % message.defects)
    fields, files, order = [], [], []
    for part in map(read_part, message.get_payload()):
        body = part.pop("bytes")
        if part["file_name"] is None:
            fields.append([part["name"], part["type"], body.decode("utf-8")])
        else:
            part["hex"] = body.hex()
            files.append(part)
        order.append("text" if part["file_name"] is None else "file")
    return {"fields": fields, "files": files, "order": " ".join(order)}


def read_request(path):
    with open(path, "rb") as file:
        message = file.read().partition(b"\r\n")[2]
    head, _, body = message.partition(b"\r\n\r\n")
    parsed = email.message_from_bytes(head + b"\r\n\r\n")
    if parsed.get_content_type() == "application/json":
        return read_json(body)
    return read_form(email.message_from_bytes(message))


json.dump([read_request(path) for path in sys.argv[1:]], sys.stdout)
