/* json: reads a few fields out of one JSON value without building anything.
 *
 * One pass validates the whole value and remembers where the wanted fields
 * lie; a chunk of a stream then costs no full decode until somebody asks for
 * the rest. It takes and refuses exactly what lua-cjson's default instance
 * does (decode depth 1000, NaN and the like included), with one exception: half
 * a surrogate pair is a character, for JavaScript and Java cut texts there.
 * Nothing here knows Lua or libcurl.
 */
#ifndef YJ_JSON_H
#define YJ_JSON_H

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

/* Where a field lies: a slice of the caller's text, never owned. A string's
 * slice is what stands between its quotes, escapes and all. */
struct yj_json_value {
  enum yj_json_type type;
  int escaped; /* a string with a backslash in it */
  const char *text;
  size_t len;
};

/* A wanted field: the value under `name` goes to values[slot] (slot < 0: not
 * kept), and the value is searched on with `inside`, a list that ends with a
 * NULL name. With `first` the value must be an array and `inside` is looked
 * for in its first element; without it the value must be an object. With `zero`
 * any other number than 0 counts as something beside the wanted fields. */
struct yj_json_key {
  const char *name;
  unsigned char name_len;
  unsigned char first : 1, zero : 1;
  signed char slot;
  const struct yj_json_key *inside;
};

/* What stands in a document beside the wanted fields. null, "", {} and [] say
 * nothing and do not count. */
struct yj_json_rest {
  unsigned char top;    /* a member of the document itself */
  unsigned char inside; /* something in an object or array that is searched:
                           another member, another type than was expected, or
                           a second element */
  unsigned char same;   /* shape.h: it is as in the document before */
  uint64_t names;       /* a hash of the names of all members that count */
};

enum yj_json_verdict {
  YJ_JSON_WHOLE,      /* a valid value stands at the start of the text */
  YJ_JSON_INCOMPLETE, /* the text ends inside what may yet become a value */
  YJ_JSON_INVALID     /* not JSON, whatever might follow */
};

/* Reads the one value at the start of text, blanks around it skipped. With
 * YJ_JSON_WHOLE *used is the number of bytes up to the next thing that is not
 * blank, so *used < len tells of something behind the value. `keys` (may be
 * NULL) are the wanted fields of a top-level object; values[0..n_values) is
 * cleared first. Where a name stands twice in an object the last one counts, as
 * in cjson, and what was found inside the earlier one is forgotten. Names
 * with escapes in them are compared unescaped. `rest` may be NULL. */
enum yj_json_verdict yj_json_read(const char *text, size_t len,
                                  const struct yj_json_key *keys,
                                  struct yj_json_value *values,
                                  size_t n_values, size_t *used,
                                  struct yj_json_rest *rest);

/* Reads the string whose opening quote is at *p, and moves *p behind its closing
 * one; *escaped tells whether there is a backslash in it. */
enum yj_json_verdict yj_json_read_string(const char **p, const char *end,
                                         int *escaped);

/* Writes the string's bytes, escapes resolved, to out, which has room for
 * value->len bytes; returns how many were written. The value must come from
 * yj_json_read(), which has checked every escape. Half a surrogate pair becomes
 * the three bytes that UTF-8 would have for it, and sets *halves. */
size_t yj_json_unescape(const struct yj_json_value *value, char *out,
                        int *halves);

/* Writes those three bytes; returns how many: 0 for no half. */
size_t yj_json_put_half(char *out, uint16_t half);

/* Makes UTF-8 of a text with such halves, in place: two that follow each other
 * become their character, any other U+FFFD. Returns the new length, which is
 * never larger. A first half at the very end is cut off and put into *half (else
 * 0), for the text may go on; with NULL it is treated as any other. */
size_t yj_json_join_halves(char *text, size_t len, uint16_t *half);

#pragma GCC visibility pop

#endif
