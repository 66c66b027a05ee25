#define _GNU_SOURCE
#include "form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcurl.h"

static char *copy(const char *s, int *failed) {
  char *own = s == NULL ? NULL : strdup(s);
  *failed |= s != NULL && own == NULL;
  return own;
}

static void free_part(struct yj_part *part) {
  yj_source_free(&part->source);
  free(part->name);
  free(part->file_name);
  free(part->type);
  free(part);
}

struct yj_part *yj_form_add(struct yj_form *form, const char *name,
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
  *(form->last == NULL ? &form->first : &form->last->next) = part;
  form->last = part;
  return part;
}

/* curl's callbacks: on curl's stack, they move bytes and return */

static size_t on_read(char *out, size_t size, size_t n, void *ud) {
  struct yj_part *part = ud;
  int64_t got = yj_source_read(&part->source, out, size * n);
  return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

static int on_seek(void *ud, curl_off_t offset, int origin) {
  struct yj_part *part = ud;
  if (offset != 0 || origin != SEEK_SET)
    return CURL_SEEKFUNC_CANTSEEK;
  yj_source_rewind(&part->source);
  return CURL_SEEKFUNC_OK;
}

/* curl copies the strings. */
static CURLcode attach_part(curl_mime *mime, struct yj_part *part) {
  curl_mimepart *p = curl_mime_addpart(mime);
  CURLcode code;
  if (p == NULL)
    return CURLE_OUT_OF_MEMORY;
  code = curl_mime_name(p, part->name);
  if (code == CURLE_OK)
    code = curl_mime_data_cb(p, (curl_off_t)part->source.length, on_read,
                             on_seek, NULL, part);
  if (code == CURLE_OK && part->file_name != NULL)
    code = curl_mime_filename(p, part->file_name);
  if (code == CURLE_OK && part->type != NULL)
    code = curl_mime_type(p, part->type);
  return code;
}

int yj_form_attach(struct yj_form *form, void *easy) {
  struct yj_part *part;
  CURLcode code = CURLE_OK;
  form->mime = curl_mime_init(easy);
  if (form->mime == NULL)
    return CURLE_OUT_OF_MEMORY;
  for (part = form->first; part != NULL && code == CURLE_OK; part = part->next)
    code = attach_part(form->mime, part);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_MIMEPOST, form->mime);
  return (int)code;
}

void yj_form_free(struct yj_form *form) {
  curl_mime_free(form->mime);
  while (form->first != NULL) {
    struct yj_part *next = form->first->next;
    free_part(form->first);
    form->first = next;
  }
  memset(form, 0, sizeof *form);
}
