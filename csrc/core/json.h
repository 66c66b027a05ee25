/* json: finds a few fields in one JSON value without building anything.
 *
 * One pass validates the whole value and notes where the wanted fields are: a
 * chunk of a stream needs no full decode. It accepts and refuses what
 * lua-cjson's default instance does (depth 1000, NaN and the like included),
 * except that half a surrogate pair is a character: JavaScript and Java cut
 * texts there.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

enum yj_json_type {
  YJ_JSON_ABSENT, /* the field was not in the document */
  YJ_JSON_NULL,
  YJ_JSON_FALSE,
  YJ_JSON_TRUE,
  YJ_JSON_NUMBER,
  YJ_JSON_STRING,
  YJ_JSON_OBJECT,
  YJ_JSON_ARRAY
};

/* Where a field is: a slice of the caller's text, never owned. A string's
 * slice is what is between its quotes, escapes included. */
struct yj_json_value {
  enum yj_json_type type;
  int escaped; /* a string with a backslash in it */
  const char *text;
  size_t len;
};

/* A wanted field, in a list that ends with a NULL name and has at most 64. The
 * value under `name` goes to values[slot] (slot < 0: not kept), and the fields
 * `inside` are looked for in it: with `first` it must be an array, and its
 * first element is searched; else it must be an object. With `zero` any value
 * but 0 counts as something beside the wanted fields. */
struct yj_json_key {
  const char *name;
  unsigned char name_len;
  unsigned char first : 1, zero : 1;
  signed char slot;
  const struct yj_json_key *inside;
};

/* What a document has beside the wanted fields. null, "", {} and [] do not
 * count. */
struct yj_json_rest {
  unsigned char top;    /* a member of the document itself */
  unsigned char inside; /* something in an object or array that is searched:
                           another member, another type than was expected, or
                           a second element */
  unsigned char same;   /* shape.h: it is as in the document before */
  uint64_t names;       /* a hash of the names of all members that count */
};

enum yj_json_verdict {
  YJ_JSON_WHOLE,      /* a valid value is at the start of the text */
  YJ_JSON_INCOMPLETE, /* the text ends inside what may yet become a value */
  YJ_JSON_INVALID     /* not JSON, whatever might follow */
};

/* Reads the value at the start of text, blanks around it skipped. With
 * YJ_JSON_WHOLE *used is the number of bytes before the next one that is not
 * blank: *used < len when something follows the value. `keys` (may be NULL)
 * are the wanted fields of a top-level object; values[0..n_values) is cleared
 * first. When an object has a name twice the last one counts, as in cjson.
 * Names are compared without escapes. `rest` may be NULL. */
enum yj_json_verdict yj_json_read(const char *text, size_t len,
                                  const struct yj_json_key *keys,
                                  struct yj_json_value *values,
                                  size_t n_values, size_t *used,
                                  struct yj_json_rest *rest);

/* Reads the string whose opening quote is at *p, and moves *p behind its
 * closing one; *escaped: it has a backslash. */
enum yj_json_verdict yj_json_read_string(const char **p, const char *end,
                                         int *escaped);

/* Writes the string's bytes, escapes resolved, to out, which has room for
 * value->len bytes; returns how many were written. The value must come from
 * yj_json_read(), which has checked every escape. Half a surrogate pair
 * becomes the three bytes that UTF-8 would have for it, and sets *halves. */
size_t yj_json_unescape(const struct yj_json_value *value, char *out,
                        int *halves);

/* Writes those three bytes; returns how many: 0 for no half. */
size_t yj_json_put_half(char *out, uint16_t half);

/* Makes UTF-8 of a text with such halves, in place: a pair becomes its
 * character, any other half U+FFFD. Returns the new length, which is never
 * larger. A first half at the very end is cut off and put into *half (else 0),
 * for the text may continue; with half NULL it becomes U+FFFD. */
size_t yj_json_join_halves(char *text, size_t len, uint16_t *half);

#pragma GCC visibility pop
