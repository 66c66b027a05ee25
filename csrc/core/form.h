/* form: a multipart/form-data body, over libcurl's curl_mime.
 *
 * Its parts are described first, each with a source of its own, and become
 * curl's when the exchange starts. Nothing here knows Lua, and who includes
 * this does not see libcurl.
 */
#ifndef YJ_FORM_H
#define YJ_FORM_H

#include "source.h"

#pragma GCC visibility push(hidden)

struct yj_part {
  struct yj_part *next;
  struct yj_source source;
  char *name, *file_name, *type; /* owned; the last two may be NULL */
};

/* All zeroes: no parts, owns nothing. */
struct yj_form {
  struct yj_part *first, *last; /* owned */
  void *mime;                   /* curl's; NULL until it is attached */
};

/* Adds an empty part, whose source the caller fills; the strings are copied.
 * NULL: out of memory. */
struct yj_part *yj_form_add(struct yj_form *form, const char *name,
                            const char *file_name, const char *type);

/* Makes it the body of a request; 0, or curl's code. The form must outlive the
 * exchange. */
int yj_form_attach(struct yj_form *form, void *easy);

/* Only when the exchange is over. */
void yj_form_free(struct yj_form *form);

#pragma GCC visibility pop

#endif
