/* request: describes an exchange and sets curl's handle up for it.
 *
 * Everything that decides how libcurl is used is in request.c: protocols, TLS,
 * certificates, headers, the body.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "source.h"

#pragma GCC visibility push(hidden)

struct curl_slist;

/* Time limits in microseconds from the start, idle from the last event; 0:
 * none. */
struct yj_timeouts {
  int64_t connect; /* until a connection is there: name, TCP, proxy, TLS */
  int64_t head;    /* until the head of the answer */
  int64_t first;   /* until the first event, or byte of a plain body */
  int64_t idle;    /* between events, or bytes of a plain body */
  int64_t total;
};

/* What the transfer keeps of a request. */
struct yj_terms {
  struct yj_timeouts timeouts;
  size_t max_body;  /* of a plain body, in bytes; 0: the default */
  size_t max_event; /* of one event of a stream; 0: the default */
  int peer_port;    /* of the URL: an address connected at this port is the
                       host's own, at any other a proxy's; 0: do not look */
  unsigned char events; /* a 2xx answer is a chat stream */
  unsigned char hold;   /* a 2xx answer's body waits for yj_transfer_save() */
  unsigned char once;   /* never let libcurl send it a second time by itself */
  unsigned char only_public; /* send nothing to a private address */
};

/* The strings are read while yj_transfer_open() runs, and not kept. */
struct yj_request {
  const char *method;
  const char *url;
  const char *proxy;   /* NULL: as the environment says; "": none */
  const char *ca_file; /* NULL: the system's certificates */
  const char *ca_path;
  struct yj_terms terms;
};

/* A part of a multipart/form-data body. */
struct yj_part {
  struct yj_part *next;
  struct yj_source source;
  char *name, *file_name, *type; /* owned; the last two may be NULL */
};

/* What goes out: bytes and files one behind the other, or the parts of a form.
 * All zeroes: nothing yet, owns nothing. */
struct yj_outgoing {
  struct curl_slist *headers; /* owned */
  struct yj_source body;
  int has_body;
  struct yj_part *parts, *last; /* owned */
  void *mime;                   /* owned; curl's, of the parts */
};

/* Adds "Name: value", which is copied; 0, or an errno: EINVAL for a control
 * character in it. */
int yj_outgoing_add_header(struct yj_outgoing *out, const char *line);

/* Adds an empty part, whose source the caller fills; the strings are copied.
 * NULL: out of memory. */
struct yj_part *yj_outgoing_add_part(struct yj_outgoing *out, const char *name,
                                     const char *file_name, const char *type);

/* Sets the handle up; `others` is how many transfers are in flight. `out` must
 * outlive the exchange. 0, or curl's code. */
int yj_request_apply(const struct yj_request *request,
                     struct yj_outgoing *out, void *easy, size_t others);

/* How many bytes there are to send, without what divides the parts. */
int64_t yj_outgoing_length(const struct yj_outgoing *out);

/* The errno of a file in it that could not be read to its end, or 0. */
int yj_outgoing_error(const struct yj_outgoing *out);

/* Only when the exchange is over. */
void yj_outgoing_free(struct yj_outgoing *out);

#pragma GCC visibility pop
