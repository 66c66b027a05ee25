#include "json.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#define MAX_DEPTH 1000 /* cjson's decode_max_depth */
#define END (-1)

/* What a byte is; the low four bits of a hex digit are its value. */
enum {
  HEX = 0x10,
  DIGIT = 0x20,
  STOP = 0x40, /* ends a run of plain bytes in a string */
  BLANK = 0x80
};

static const unsigned char class_of[256] = {
    [0] = STOP,     ['"'] = STOP,   ['\\'] = STOP,
    [' '] = BLANK,  ['\t'] = BLANK, ['\n'] = BLANK, ['\r'] = BLANK,
    ['0'] = HEX | DIGIT | 0, ['1'] = HEX | DIGIT | 1,
    ['2'] = HEX | DIGIT | 2, ['3'] = HEX | DIGIT | 3,
    ['4'] = HEX | DIGIT | 4, ['5'] = HEX | DIGIT | 5,
    ['6'] = HEX | DIGIT | 6, ['7'] = HEX | DIGIT | 7,
    ['8'] = HEX | DIGIT | 8, ['9'] = HEX | DIGIT | 9,
    ['a'] = HEX | 10, ['b'] = HEX | 11, ['c'] = HEX | 12,
    ['d'] = HEX | 13, ['e'] = HEX | 14, ['f'] = HEX | 15,
    ['A'] = HEX | 10, ['B'] = HEX | 11, ['C'] = HEX | 12,
    ['D'] = HEX | 13, ['E'] = HEX | 14, ['F'] = HEX | 15};

/* What the byte behind a backslash means; 'u' is not in here. */
static const char escapes[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

/* The text being read; nothing at end or behind it is ever touched. Each read_
 * function reads what begins at p and returns the place behind it, or NULL
 * with the verdict, which ends the reading. */
struct reader {
  const char *end;
  struct yj_json_value *values;
  size_t n_values;
  struct yj_json_rest rest;
  unsigned depth;
  int escaped; /* the last string read has a backslash in it */
  enum yj_json_verdict verdict;
  char name[6 * UCHAR_MAX]; /* unescaped: no wanted name is longer, escaped */
};

static const char *stop(struct reader *r, enum yj_json_verdict verdict) {
  r->verdict = verdict;
  return NULL;
}

/* Nothing that can be read begins at p. */
static const char *unfit(struct reader *r, const char *p) {
  return stop(r, p == r->end ? YJ_JSON_INCOMPLETE : YJ_JSON_INVALID);
}

static int is(char c, unsigned classes) {
  return (class_of[(unsigned char)c] & classes) != 0;
}

static const char *skip(const char *p, const char *end, unsigned classes) {
  while (p < end && is(*p, classes))
    p++;
  return p;
}

/* Moves *p over blanks; returns the byte there, or END. */
static inline int peek(const struct reader *r, const char **p) {
  for (; *p < r->end; ++*p)
    if (**p > ' ' || !is(**p, BLANK))
      return (unsigned char)**p;
  return END;
}

static int byte_is(const struct reader *r, const char *p, char c) {
  return p < r->end && *p == c;
}

/* How many bytes at p are those of `word`, which has letters only; with fold
 * 0x20 capitals are equal. */
static size_t common(const char *p, const char *end, const char *word,
                     int fold) {
  size_t n = 0;
  while (word[n] != '\0' && p + n < end && (p[n] | fold) == word[n])
    n++;
  return n;
}

/* NB: n is a constant for the compiler, which makes one comparison of it. */
static inline const char *read_word(struct reader *r, const char *p,
                                    const char *word, size_t n) {
  if ((size_t)(r->end - p) >= n && memcmp(p, word, n) == 0)
    return p + n;
  return unfit(r, p + common(p, r->end, word, 0));
}

/* ---- numbers ----
 *
 * The longest that strtod() would take in the C locale. `1e` is incomplete. */

/* p is behind a mantissa, at the letter of what may be an exponent. */
static const char *read_exponent(struct reader *r, const char *p) {
  const char *digits = p + 1;
  if (byte_is(r, digits, '+') || byte_is(r, digits, '-'))
    digits++;
  if (digits == r->end)
    return unfit(r, digits);
  return is(*digits, DIGIT) ? skip(digits, r->end, DIGIT) : p;
}

/* Digits with a point anywhere, and an exponent. */
static const char *read_digits(struct reader *r, const char *p,
                               unsigned digits, char exponent) {
  const char *start = p;
  size_t point = 0;
  p = skip(p, r->end, digits);
  if (byte_is(r, p, '.')) {
    point = 1;
    p = skip(p + 1, r->end, digits);
  }
  if ((size_t)(p - start) == point)
    return unfit(r, p);
  if (p < r->end && (*p | 0x20) == exponent)
    return read_exponent(r, p);
  return p;
}

/* 0x and digits, or just the 0 where no digits follow. */
static const char *read_hex(struct reader *r, const char *p) {
  const char *behind = read_digits(r, p + 2, HEX, 'p');
  if (behind == NULL && r->verdict == YJ_JSON_INVALID)
    return p + 1;
  return behind;
}

static const char *read_infinity(struct reader *r, const char *p) {
  size_t n = common(p, r->end, "infinity", 0x20);
  if (n < 3 || (n > 3 && n < 8 && p + n == r->end))
    return unfit(r, p + n);
  return p + (n == 8 ? 8 : 3);
}

static int is_word_byte(char c) {
  char small = (char)(c | 0x20);
  return is(c, DIGIT) || (small >= 'a' && small <= 'z') || c == '_';
}

/* nan, or nan(letters, digits and underscores) */
static const char *read_nan(struct reader *r, const char *p) {
  size_t n = common(p, r->end, "nan", 0x20);
  const char *close = p + n + 1;
  if (n < 3)
    return unfit(r, p + n);
  if (!byte_is(r, p + n, '('))
    return p + n;
  while (close < r->end && is_word_byte(*close))
    close++;
  if (close == r->end)
    return unfit(r, close);
  return *close == ')' ? close + 1 : p + n;
}

static const char *read_number(struct reader *r, const char *p) {
  if (*p == '-' || *p == '+')
    p++;
  if (p == r->end)
    return unfit(r, p);
  if ((*p | 0x20) == 'i')
    return read_infinity(r, p);
  if ((*p | 0x20) == 'n')
    return read_nan(r, p);
  if (*p == '0' && r->end - p > 1 && (p[1] | 0x20) == 'x')
    return read_hex(r, p);
  return read_digits(r, p, DIGIT, 'e');
}

static const char *read_null_or_nan(struct reader *r, const char *p) {
  if (r->end - p > 1 && (p[1] | 0x20) == 'a')
    return read_nan(r, p);
  return read_word(r, p, "null", 4);
}

/* ---- strings ---- */

static int is_high(int unit) { return (unit & ~0x3FF) == 0xD800; }

static int is_low(int unit) { return (unit & ~0x3FF) == 0xDC00; }

static int is_half(int unit) { return (unit & ~0x7FF) == 0xD800; }

/* The value of four hex digits, or -1. */
static inline int unit_at(const char *digits) {
  int a = class_of[(unsigned char)digits[0]];
  int b = class_of[(unsigned char)digits[1]];
  int c = class_of[(unsigned char)digits[2]];
  int d = class_of[(unsigned char)digits[3]];
  if ((a & b & c & d & HEX) == 0)
    return -1;
  return (a & 0xF) << 12 | (b & 0xF) << 8 | (c & 0xF) << 4 | (d & 0xF);
}

/* p is at the hex digits. Where the text ends among them those that are
 * missing count as zeroes. */
static const char *read_unicode(struct reader *r, const char *p) {
  char digits[] = "0000";
  if (r->end - p >= 4)
    return unit_at(p) < 0 ? stop(r, YJ_JSON_INVALID) : p + 4;
  memcpy(digits, p, (size_t)(r->end - p));
  return unit_at(digits) < 0 ? stop(r, YJ_JSON_INVALID) : unfit(r, r->end);
}

/* p is at the backslash. */
static const char *read_escape(struct reader *r, const char *p) {
  if (r->end - p < 2)
    return unfit(r, r->end);
  if (p[1] == 'u')
    return read_unicode(r, p + 2);
  return escapes[(unsigned char)p[1]] != 0 ? p + 2 : unfit(r, p);
}

#define BYTES(c) (UINT64_C(0x0101010101010101) * (unsigned char)(c))

/* The first byte of eight that ends a run of plain ones, 0 to 7; 8: none does.
 * Taking one from a byte below 0x80 sets its top bit only if it was 0; what a
 * borrow does to the bytes behind such a one does not matter, for the first
 * hit counts. */
static inline size_t stop_in(uint64_t word) {
  uint64_t hits;
  if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
    word = __builtin_bswap64(word);
  hits = (word - BYTES(1)) | ((word ^ BYTES('"')) - BYTES(1)) |
         ((word ^ BYTES('\\')) - BYTES(1));
  hits &= ~word & BYTES(0x80);
  return hits == 0 ? 8 : (size_t)__builtin_ctzll(hits) / 8;
}

/* Passes bytes that stand for themselves, eight at a time. Copies them to
 * *out, if that is not NULL, and some of what follows: there is room for as
 * many bytes as there are up to the end. */
static inline const char *pass_plain(const char *p, const char *end,
                                     char **out) {
  size_t n = 8;
  for (; n == 8 && end - p >= 8; p += n) {
    uint64_t word;
    memcpy(&word, p, 8);
    n = stop_in(word);
    if (out != NULL) {
      memcpy(*out, p, 8);
      *out += n;
    }
  }
  for (; n == 8 && p < end && !is(*p, STOP); p++)
    if (out != NULL)
      *(*out)++ = *p;
  return p;
}

static const char *skip_plain(const char *p, const char *end) {
  return pass_plain(p, end, NULL);
}

/* The rest of a string, with p at its first backslash. */
static const char *read_escaped(struct reader *r, const char *p) {
  r->escaped = 1;
  do {
    p = read_escape(r, p);
    if (p == NULL)
      return NULL;
    if (!byte_is(r, p, '\\'))
      p = skip_plain(p, r->end);
  } while (byte_is(r, p, '\\'));
  return byte_is(r, p, '"') ? p + 1 : unfit(r, p);
}

/* p is at the quote. All bytes but NUL may stand in a string, as in cjson. */
static const char *read_string(struct reader *r, const char *p) {
  r->escaped = 0;
  p = skip_plain(p + 1, r->end);
  if (byte_is(r, p, '"'))
    return p + 1;
  return byte_is(r, p, '\\') ? read_escaped(r, p) : unfit(r, p);
}

enum yj_json_verdict yj_json_read_string(const char **p, const char *end,
                                         int *escaped) {
  struct reader r;
  const char *behind;
  r.end = end;
  r.verdict = YJ_JSON_WHOLE;
  if (*p == end || **p != '"')
    return *p == end ? YJ_JSON_INCOMPLETE : YJ_JSON_INVALID;
  behind = read_string(&r, *p);
  if (behind == NULL)
    return r.verdict;
  *p = behind;
  *escaped = r.escaped;
  return YJ_JSON_WHOLE;
}

static inline char *put_utf8(char *out, int code) {
  if (code < 0x80) {
    *out++ = (char)code;
    return out;
  }
  if (code < 0x800) {
    *out++ = (char)(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      *out++ = (char)(0xE0 | code >> 12);
    } else {
      *out++ = (char)(0xF0 | code >> 18);
      *out++ = (char)(0x80 | (code >> 12 & 0x3F));
    }
    *out++ = (char)(0x80 | (code >> 6 & 0x3F));
  }
  *out++ = (char)(0x80 | (code & 0x3F));
  return out;
}

static int joined(int high, int low) {
  return 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
}

/* The second half of a pair in the escape that may begin at p, or 0. */
static int second_half_at(const char *p, const char *end) {
  int unit = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? unit_at(p + 2) : 0;
  return is_low(unit) ? unit : 0;
}

/* Resolves a checked escape: *p is moved from the backslash behind it. */
static inline char *put_escape(char *out, const char **p, const char *end,
                               int *halves) {
  const char *digits = *p + 2;
  int code, low;
  *p = digits;
  if (digits[-1] != 'u') {
    *out = escapes[(unsigned char)digits[-1]];
    return out + 1;
  }
  code = unit_at(digits);
  *p += 4;
  if (!is_half(code))
    return put_utf8(out, code);
  low = is_high(code) ? second_half_at(*p, end) : 0;
  *p += low != 0 ? 6 : 0;
  *halves |= low == 0;
  return put_utf8(out, low != 0 ? joined(code, low) : code);
}

static size_t unescape(const char *p, size_t len, char *out, int *halves) {
  const char *end = p + len;
  char *o = out;
  while (p < end) {
    if (*p == '\\')
      o = put_escape(o, &p, end, halves);
    else
      p = pass_plain(p, end, &o);
  }
  return (size_t)(o - out);
}

size_t yj_json_unescape(const struct yj_json_value *value, char *out,
                        int *halves) {
  if (value->escaped)
    return unescape(value->text, value->len, out, halves);
  if (value->len > 0)
    memcpy(out, value->text, value->len);
  return value->len;
}

size_t yj_json_put_half(char *out, uint16_t half) {
  return half == 0 ? 0 : (size_t)(put_utf8(out, half) - out);
}

/* The half whose three bytes begin at p, or 0. */
static int half_at(const char *p, const char *end) {
  if (end - p < 3 || (unsigned char)p[0] != 0xED || (p[1] & 0xE0) != 0xA0 ||
      (p[2] & 0xC0) != 0x80)
    return 0;
  return 0xD000 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
}

size_t yj_json_join_halves(char *text, size_t len, uint16_t *half) {
  const char *p = text, *end = text + len;
  char *out = text;
  if (half != NULL)
    *half = 0;
  while (p < end) {
    int unit = half_at(p, end);
    int low = is_high(unit) ? half_at(p + 3, end) : 0;
    if (unit == 0) {
      *out++ = *p++;
    } else if (is_low(low)) {
      out = put_utf8(out, joined(unit, low));
      p += 6;
    } else if (half != NULL && is_high(unit) && end - p == 3) {
      *half = (uint16_t)unit;
      p = end;
    } else {
      out = put_utf8(out, 0xFFFD);
      p += 3;
    }
  }
  return (size_t)(out - text);
}

/* ---- wanted fields ---- */

/* The name comes again: drops what was in its earlier value. */
static void forget(struct reader *r, const struct yj_json_key *keys) {
  for (; keys != NULL && keys->name != NULL; keys++) {
    if (keys->slot >= 0)
      memset(&r->values[keys->slot], 0, sizeof *r->values);
    forget(r, keys->inside);
  }
}

/* The wanted fields of one object, and which of them were there, by their
 * bits. */
struct wanted {
  const struct yj_json_key *keys; /* may be NULL */
  uint64_t seen;
};

/* The key of that name, or NULL. The name is the last string read. */
static const struct yj_json_key *find(struct reader *r, struct wanted *w,
                                      const char *name, size_t len) {
  const struct yj_json_key *key = w->keys;
  uint64_t bit = 1;
  if (r->escaped) {
    int halves = 0; /* no wanted name has any */
    if (len > sizeof r->name)
      return NULL;
    len = unescape(name, len, r->name, &halves);
    name = r->name;
  }
  for (; key->name != NULL; key++, bit <<= 1)
    if (key->name_len == len && memcmp(key->name, name, len) == 0)
      break;
  if (key->name == NULL)
    return NULL;
  if ((w->seen & bit) != 0)
    forget(r, key->inside);
  w->seen |= bit;
  return key;
}

static enum yj_json_type type_at(const char *start) {
  switch (*start) {
  case '"': return YJ_JSON_STRING;
  case '{': return YJ_JSON_OBJECT;
  case '[': return YJ_JSON_ARRAY;
  case 't': return YJ_JSON_TRUE;
  case 'f': return YJ_JSON_FALSE;
  case 'n': return start[1] == 'u' ? YJ_JSON_NULL : YJ_JSON_NUMBER;
  default: return YJ_JSON_NUMBER;
  }
}

/* Keeps the value just read, which lies between start and p. */
static void keep(const struct reader *r, const struct yj_json_key *key,
                 const char *start, const char *p) {
  struct yj_json_value *value = &r->values[key->slot];
  size_t quote = *start == '"';
  assert((size_t)key->slot < r->n_values);
  value->type = type_at(start);
  value->escaped = quote && r->escaped;
  value->text = start + quote;
  value->len = (size_t)(p - start) - 2 * quote;
}

/* ---- values ---- */

static const char *read_value(struct reader *r, const char *p,
                              const struct yj_json_key *inside, int first);

/* Whether the value between start and p is null, "", {} or []. */
static int says_nothing(const char *start, const char *p) {
  return type_at(start) == YJ_JSON_NULL ||
         (p - start == 2 && strchr("\"{[", *start) != NULL);
}

/* Notes a value without a key, or of another type than its key's. */
static void note_rest(struct reader *r, const char *start, const char *p) {
  if (says_nothing(start, p))
    return;
  if (r->depth == 1)
    r->rest.top = 1;
  else
    r->rest.inside = 1;
}

/* Adds the name of a member of the document itself to the hash. */
static void note_name(struct reader *r, const char *name, size_t len,
                      const char *start, const char *p) {
  uint64_t hash = UINT64_C(14695981039346656037);
  size_t i;
  if (says_nothing(start, p))
    return;
  for (i = 0; i < len; i++)
    hash = (hash ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
  r->rest.names += hash;
}

static const char *read_wanted(struct reader *r, const char *p,
                               const struct yj_json_key *key) {
  const char *start = p;
  p = read_value(r, p, key->inside, key->first);
  if (p != NULL && key->slot >= 0)
    keep(r, key, start, p);
  if (p != NULL && ((key->zero && *start != '0') ||
                    (key->inside != NULL &&
                     *start != (key->first ? '[' : '{'))))
    note_rest(r, start, p);
  return p;
}

static const char *read_unwanted(struct reader *r, const char *p) {
  const char *start = p;
  p = read_value(r, p, NULL, 0);
  if (p != NULL)
    note_rest(r, start, p);
  return p;
}

/* A name, a colon and a value. */
static const char *read_member(struct reader *r, const char *p,
                               struct wanted *w) {
  const struct yj_json_key *key = NULL;
  const char *name, *start;
  size_t len;
  if (peek(r, &p) != '"')
    return unfit(r, p);
  name = p + 1;
  p = read_string(r, p);
  if (p == NULL)
    return NULL;
  len = (size_t)(p - 1 - name);
  if (w->keys != NULL)
    key = find(r, w, name, len);
  if (peek(r, &p) != ':')
    return unfit(r, p);
  p++;
  peek(r, &p);
  if (w->keys == NULL)
    return read_value(r, p, NULL, 0);
  start = p;
  p = key == NULL ? read_unwanted(r, p) : read_wanted(r, p, key);
  if (p != NULL && r->depth == 1)
    note_name(r, name, len, start, p);
  return p;
}

/* Takes the comma or bracket behind an item. */
static inline const char *read_behind(struct reader *r, const char *p,
                                      char close) {
  int c;
  if (p == NULL)
    return NULL;
  c = peek(r, &p);
  return c == ',' || c == close ? p + 1 : unfit(r, p);
}

static const char *read_object(struct reader *r, const char *p,
                                       const struct yj_json_key *keys) {
  struct wanted w = {keys, 0};
  if (++r->depth > MAX_DEPTH)
    return stop(r, YJ_JSON_INVALID);
  p++;
  if (peek(r, &p) == '}')
    p++;
  else
    do
      p = read_behind(r, read_member(r, p, &w), '}');
    while (p != NULL && p[-1] == ',');
  r->depth--;
  return p;
}

/* `inside` is for the first element. */
static const char *read_array(struct reader *r, const char *p,
                                      const struct yj_json_key *inside) {
  const int is_searched = inside != NULL;
  if (++r->depth > MAX_DEPTH)
    return stop(r, YJ_JSON_INVALID);
  p++;
  if (peek(r, &p) == ']')
    p++;
  else
    do {
      const char *start;
      peek(r, &p);
      start = p;
      p = read_value(r, p, inside, 0);
      if (p != NULL && is_searched && (inside == NULL || *start != '{'))
        note_rest(r, start, p);
      p = read_behind(r, p, ']');
      inside = NULL;
    } while (p != NULL && p[-1] == ',');
  r->depth--;
  return p;
}

/* p is at no blank. Recursive, but never deeper than MAX_DEPTH. */
static const char *read_value(struct reader *r, const char *p,
                              const struct yj_json_key *inside, int first) {
  if (p == r->end)
    return unfit(r, p);
  switch (*p) {
  case '"': return read_string(r, p);
  case '{': return read_object(r, p, first ? NULL : inside);
  case '[': return read_array(r, p, first ? inside : NULL);
  case 't': return read_word(r, p, "true", 4);
  case 'f': return read_word(r, p, "false", 5);
  case 'n': return read_null_or_nan(r, p);
  case 'N': case 'i': case 'I': case '+': case '-':
  case '0': case '1': case '2': case '3': case '4':
  case '5': case '6': case '7': case '8': case '9':
    return read_number(r, p);
  default: return unfit(r, p);
  }
}

enum yj_json_verdict yj_json_read(const char *text, size_t len,
                                  const struct yj_json_key *keys,
                                  struct yj_json_value *values,
                                  size_t n_values, size_t *used,
                                  struct yj_json_rest *rest) {
  struct reader r;
  const char *p = text;
  if (n_values > 0)
    memset(values, 0, n_values * sizeof *values);
  if (len == 0)
    return YJ_JSON_INCOMPLETE;
  if (len >= 2 && (text[0] == '\0' || text[1] == '\0'))
    return YJ_JSON_INVALID;  /* cjson takes it for UTF-16 */
  r.end = text + len;
  r.values = values;
  r.n_values = n_values;
  memset(&r.rest, 0, sizeof r.rest);
  r.depth = 0;
  r.escaped = 0;
  r.verdict = YJ_JSON_WHOLE;
  peek(&r, &p);
  p = read_value(&r, p, keys, 0);
  if (p == NULL)
    return r.verdict;
  if (rest != NULL)
    *rest = r.rest;
  /* to cjson the text ends at a NUL */
  *used = peek(&r, &p) == '\0' ? len : (size_t)(p - text);
  return YJ_JSON_WHOLE;
}
