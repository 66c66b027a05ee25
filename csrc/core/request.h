/* request: what is asked, put into a curl handle.
 *
 * Everything that decides how libcurl is used stands in request.c: protocols,
 * TLS, certificates, headers, the body. Nothing here knows Lua, and who
 * includes this does not see libcurl.
 */
#ifndef YJ_REQUEST_H
#define YJ_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "form.h"
#include "source.h"

#pragma GCC visibility push(hidden)

struct curl_slist;

/* Limits in microseconds from the start, idle from the last event; 0: none. */
struct yj_limits {
  int64_t connect; /* until a connection is there: name, TCP, proxy, TLS */
  int64_t head;    /* until the head of the answer */
  int64_t first;   /* until the first event, or byte of a plain body */
  int64_t idle;    /* between events, or bytes of a plain body */
  int64_t total;
};

/* All pointers are read while yj_transfer_open() runs and not kept. */
struct yj_request {
  const char *method;
  const char *url;
  const char *proxy;   /* NULL: as the environment says; "": none */
  const char *ca_file; /* NULL: the system's certificates */
  const char *ca_path;
  size_t max_body;     /* of a plain body, in bytes; 0: the default */
  size_t max_event;    /* of one event of a stream; 0: the default */
  int events;          /* a 2xx answer is a chat stream */
  int hold;            /* a 2xx answer's body waits for yj_transfer_save() */
  int once;            /* never let libcurl send it a second time by itself */
  int peer_port;       /* of the URL: what address is connected there is noted,
                          unless it is a proxy's; 0: not */
  int only_public;     /* and if it is no public one, nothing is sent */
  struct yj_limits limits;
};

/* What goes out. All zeroes: nothing yet, owns nothing. */
struct yj_outgoing {
  struct curl_slist *headers; /* owned */
  struct yj_source body;      /* bytes and files one behind the other, or */
  struct yj_form form;        /* parts */
  int has_body;
};

/* Adds "Name: value"; 0, or an errno: EINVAL for a control character in it. */
int yj_outgoing_add_header(struct yj_outgoing *out, const char *line);

/* Sets the handle up, for a pool with so many others in flight. `out` must
 * outlive the exchange. 0, or curl's code. */
int yj_request_apply(const struct yj_request *request,
                     struct yj_outgoing *out, void *easy,
                     const char *default_ca_path, size_t others);

/* How many bytes there are to send, but for what divides the parts. */
int64_t yj_outgoing_length(const struct yj_outgoing *out);

/* The errno of a file in it that could not be read to its end, or 0. */
int yj_outgoing_error(const struct yj_outgoing *out);

/* Only when the exchange is over. */
void yj_outgoing_free(struct yj_outgoing *out);

#pragma GCC visibility pop

#endif
