#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curl_runtime.h"
#include "libcurl.h"

/* Seconds after which an idle connection is not used again. Servers close
 * theirs after 60 or 75, and a request sent into a closing connection has an
 * unknown outcome. */
#define MAX_CONNECTION_AGE 45L

/* For files: half the calls of libcurl's own 64 KiB, 0.90x the CPU of `curl
 * -F`. A larger buffer does not stay in a second-level cache of 0.5 MiB. */
#define UPLOAD_BUFFER 131072L
#define DOWNLOAD_BUFFER 131072L
#define EVENTS_BUFFER 65536L
#define CROWD_BUFFER 2048L /* of a stream among FEW others or more */
#define FEW ((size_t)64)
#define SHORT_PART 4096 /* bytes */
#define LARGE_BODY ((int64_t)1 << 20)

/* curl_slist_append copies the line. */
int yj_outgoing_add_header(struct yj_outgoing *out, const char *line) {
  const unsigned char *p = (const unsigned char *)line;
  struct curl_slist *headers;
  for (; *p != '\0'; p++)
    if (*p < 0x20 || *p == 0x7f)
      return EINVAL;
  headers = curl_slist_append(out->headers, line);
  if (headers == NULL)
    return ENOMEM;
  out->headers = headers;
  return 0;
}

static char *copy(const char *s, int *failed) {
  size_t size = s == NULL ? 0 : strlen(s) + 1;
  char *own = s == NULL ? NULL : malloc(size);
  *failed |= s != NULL && own == NULL;
  return own == NULL ? NULL : memcpy(own, s, size);
}

static void free_part(struct yj_part *part) {
  yj_source_free(&part->source);
  free(part->name);
  free(part->file_name);
  free(part->type);
  free(part);
}

struct yj_part *yj_outgoing_add_part(struct yj_outgoing *out, const char *name,
                                     const char *file_name, const char *type) {
  struct yj_part *part = calloc(1, sizeof *part);
  int failed = 0;
  if (part == NULL)
    return NULL;
  part->name = copy(name, &failed);
  part->file_name = copy(file_name, &failed);
  part->type = copy(type, &failed);
  if (failed) {
    free_part(part);
    return NULL;
  }
  *(out->last == NULL ? &out->parts : &out->last->next) = part;
  out->last = part;
  return part;
}

int64_t yj_outgoing_length(const struct yj_outgoing *out) {
  const struct yj_part *part;
  int64_t length = out->body.length;
  for (part = out->parts; part != NULL; part = part->next)
    length += part->source.length;
  return length;
}

int yj_outgoing_error(const struct yj_outgoing *out) {
  const struct yj_part *part = out->parts;
  while (part != NULL && part->source.error == 0)
    part = part->next;
  return part != NULL ? part->source.error : out->body.error;
}

void yj_outgoing_free(struct yj_outgoing *out) {
  curl_slist_free_all(out->headers);
  yj_source_free(&out->body);
  curl_mime_free(out->mime);
  while (out->parts != NULL) {
    struct yj_part *next = out->parts->next;
    free_part(out->parts);
    out->parts = next;
  }
  memset(out, 0, sizeof *out);
}

static const struct {
  CURLoption option;
  unsigned since; /* the libcurl that knows it; 0: any */
  long value;
} constants[] = {
    {CURLOPT_NOSIGNAL, 0, 1L},
    {CURLOPT_SSL_VERIFYPEER, 0, 1L},
    {CURLOPT_SSL_VERIFYHOST, 0, 2L},
    {CURLOPT_SSLVERSION, 0, (long)CURL_SSLVERSION_TLSv1_2},
    /* one stream a connection: a paused reader holds up nobody else, and a
     * dead connection is one call's business */
    {CURLOPT_HTTP_VERSION, 0, (long)CURL_HTTP_VERSION_1_1},
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 0, 1L},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 0, 1L},
    {CURLOPT_TCP_KEEPALIVE, 0, 1L},
    /* for Schannel, which else fails where the list of revoked certificates
     * can not be reached; other TLS libraries ignore it */
    {CURLOPT_SSL_OPTIONS, 0, (long)CURLSSLOPT_REVOKE_BEST_EFFORT},
    {CURLOPT_PROXY_SSL_OPTIONS, 0, (long)CURLSSLOPT_REVOKE_BEST_EFFORT},
    {CURLOPT_MAXAGE_CONN, 0, MAX_CONNECTION_AGE},
    /* closing must not wait for a name server */
    {YJ_OPT_QUICK_EXIT, YJ_CURL_7_87, 1L},
};

static CURLcode set_constants(CURL *easy) {
  CURLcode code = CURLE_OK;
  size_t i;
  for (i = 0; i < sizeof constants / sizeof *constants; i++)
    if (yj_curl_is(constants[i].since))
      SET(easy, constants[i].option, constants[i].value);
  if (yj_curl_is(YJ_CURL_7_85))
    SET(easy, YJ_OPT_PROTOCOLS_STR, "http,https");
  else
    SET(easy, YJ_OPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  return code;
}

/* libcurl reads a bundle anew for each connection where a folder is set as
 * well, 25-47 ms on the calling thread: so both are set only where the caller
 * names both. A folder of hashes costs 1-3 ms (docs/libcurl.md#certificates).
 * Some TLS libraries know no folders: then the bundle serves, unless the
 * caller names nothing but a folder. */
static CURLcode set_certificates(CURL *easy, const struct yj_request *r) {
  CURLcode code = CURLE_OK;
  const char *path = r->ca_path;
  if (path == NULL && r->ca_file == NULL)
    path = yj_curl_ca_path();
  SET(easy, CURLOPT_CAPATH, path);
  if (code == CURLE_NOT_BUILT_IN &&
      (r->ca_path == NULL || r->ca_file != NULL)) {
    code = CURLE_OK;
    path = NULL;
  }
  if (path != NULL || r->ca_file != NULL)
    SET(easy, CURLOPT_CAINFO, r->ca_file);
  return code;
}

/* curl's callbacks for a source: on curl's stack, they move bytes and
 * return */

static size_t on_read(char *out, size_t size, size_t n, void *ud) {
  int64_t got = yj_source_read(ud, out, size * n);
  return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

static int on_seek(void *ud, curl_off_t offset, int origin) {
  if (offset != 0 || origin != SEEK_SET)
    return CURL_SEEKFUNC_CANTSEEK;
  yj_source_rewind(ud);
  return CURL_SEEKFUNC_OK;
}

/* Bytes that lie in memory go out with the head, in one write; for any other
 * body libcurl has a buffer of 64 KiB, as long as the exchange lasts. */
static CURLcode set_source(CURL *easy, struct yj_source *body) {
  CURLcode code = CURLE_OK;
  SET(easy, CURLOPT_POST, 1L);
  SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->length);
  SET(easy, CURLOPT_POSTFIELDS, yj_source_bytes(body));
  SET(easy, CURLOPT_READFUNCTION, on_read);
  SET(easy, CURLOPT_READDATA, body);
  SET(easy, CURLOPT_SEEKFUNCTION, on_seek);
  SET(easy, CURLOPT_SEEKDATA, body);
  if (body->length > LARGE_BODY)
    SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
  return code;
}

/* curl copies short bytes. For each part that it reads by a callback it sends
 * anew, in a write of its own. */
static CURLcode set_part_data(curl_mimepart *p, struct yj_source *source) {
  const char *bytes = yj_source_bytes(source);
  if (bytes != NULL && source->length <= SHORT_PART)
    return curl_mime_data(p, bytes, (size_t)source->length);
  return curl_mime_data_cb(p, (curl_off_t)source->length, on_read, on_seek,
                           NULL, source);
}

/* curl copies the strings. */
static CURLcode add_part(curl_mime *mime, struct yj_part *part) {
  curl_mimepart *p = curl_mime_addpart(mime);
  CURLcode code;
  if (p == NULL)
    return CURLE_OUT_OF_MEMORY;
  code = curl_mime_name(p, part->name);
  if (code == CURLE_OK)
    code = set_part_data(p, &part->source);
  if (code == CURLE_OK && part->file_name != NULL)
    code = curl_mime_filename(p, part->file_name);
  if (code == CURLE_OK && part->type != NULL)
    code = curl_mime_type(p, part->type);
  return code;
}

static CURLcode set_form(CURL *easy, struct yj_outgoing *out) {
  struct yj_part *part;
  CURLcode code = CURLE_OK;
  out->mime = curl_mime_init(easy);
  if (out->mime == NULL)
    return CURLE_OUT_OF_MEMORY;
  for (part = out->parts; part != NULL && code == CURLE_OK; part = part->next)
    code = add_part(out->mime, part);
  SET(easy, CURLOPT_MIMEPOST, out->mime);
  SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
  return code;
}

static CURLcode set_method(CURL *easy, const struct yj_request *r,
                           struct yj_outgoing *out) {
  CURLcode code = CURLE_OK;
  int has_form = out->parts != NULL;
  int posts = out->has_body || has_form || strcmp(r->method, "POST") == 0;
  if (has_form)
    code = set_form(easy, out);
  else if (posts)
    code = set_source(easy, &out->body);
  if (strcmp(r->method, "HEAD") == 0)
    SET(easy, CURLOPT_NOBODY, 1L);
  else if (strcmp(r->method, posts ? "POST" : "GET") != 0)
    SET(easy, CURLOPT_CUSTOMREQUEST, r->method);
  return code;
}

/* A stream that floods takes half the work with a large buffer. One that
 * trickles only ever touches the first page of its buffer, but a thousand such
 * pages are 4 MiB. */
static long events_buffer(size_t others) {
  return others < FEW ? EVENTS_BUFFER : CROWD_BUFFER;
}

int yj_request_apply(const struct yj_request *r, struct yj_outgoing *out,
                     void *easy, size_t others) {
  CURLcode code = set_constants(easy);
  if (code == CURLE_OK)
    code = set_certificates(easy, r);
  SET(easy, CURLOPT_URL, r->url);
  SET(easy, CURLOPT_HTTPHEADER, out->headers);
  if (r->proxy != NULL) {
    SET(easy, CURLOPT_PROXY, r->proxy);
    SET(easy, CURLOPT_NOPROXY, ""); /* no_proxy is for the environment's */
  }
  if (r->terms.hold)
    SET(easy, CURLOPT_BUFFERSIZE, DOWNLOAD_BUFFER);
  else if (r->terms.events)
    SET(easy, CURLOPT_BUFFERSIZE, events_buffer(others));
  if (code == CURLE_OK)
    code = set_method(easy, r, out);
  return (int)code;
}
