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

/* What the byte behind a backslash stands for; 'u' is not in here. */
static const char escapes[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

/* The text being read: all before p is read, nothing at end or behind it is
 * ever touched. Each read_ function takes what begins at p; only after
 * YJ_JSON_WHOLE is p behind it, otherwise nobody goes on. */
struct reader {
  const char *p, *end;
  struct yj_json_value *values;
  size_t n_values;
  unsigned depth;
  int escaped; /* the last string read has a backslash in it */
  char name[6 * UCHAR_MAX]; /* unescaped: no wanted name is longer, escaped */
};

static int is(char c, unsigned classes) {
  return (class_of[(unsigned char)c] & classes) != 0;
}

static const char *skip(const char *p, const char *end, unsigned classes) {
  while (p < end && is(*p, classes))
    p++;
  return p;
}

/* The next byte that is not blank, or END. */
static int peek(struct reader *r) {
  r->p = skip(r->p, r->end, BLANK);
  return r->p < r->end ? (unsigned char)*r->p : END;
}

/* The verdict on what peek() found where something else must stand. */
static enum yj_json_verdict unfit(int c) {
  return c == END ? YJ_JSON_INCOMPLETE : YJ_JSON_INVALID;
}

/* How many bytes at p are those of `word`; with fold 0x20 capitals will do,
 * which is exact because words are letters then. */
static size_t common(const char *p, const char *end, const char *word,
                     int fold) {
  size_t n = 0;
  while (word[n] != '\0' && p + n < end && (p[n] | fold) == word[n])
    n++;
  return n;
}

static enum yj_json_verdict read_word(struct reader *r, const char *word) {
  size_t n = common(r->p, r->end, word, 0);
  r->p += n;
  if (word[n] == '\0')
    return YJ_JSON_WHOLE;
  return r->p == r->end ? YJ_JSON_INCOMPLETE : YJ_JSON_INVALID;
}

/* ---- numbers: the longest that strtod() would take in the C locale. One that
 * could still grow when the text ends is incomplete, unless every part of it
 * is already there: `12` is whole, `1e` is not. ---- */

/* p is behind a mantissa, at the letter of what may be an exponent. */
static enum yj_json_verdict read_exponent(struct reader *r) {
  const char *p = r->p + 1;
  if (p < r->end && (*p == '+' || *p == '-'))
    p++;
  if (p == r->end)
    return YJ_JSON_INCOMPLETE;
  if (is(*p, DIGIT))
    r->p = skip(p, r->end, DIGIT);
  return YJ_JSON_WHOLE;
}

/* Digits with a point anywhere, and an exponent. */
static enum yj_json_verdict read_digits(struct reader *r, unsigned digits,
                                        char exponent) {
  const char *p = skip(r->p, r->end, digits);
  size_t n = (size_t)(p - r->p);
  if (p < r->end && *p == '.') {
    const char *fraction = p + 1;
    p = skip(fraction, r->end, digits);
    n += (size_t)(p - fraction);
  }
  if (n == 0)
    return p == r->end ? YJ_JSON_INCOMPLETE : YJ_JSON_INVALID;
  r->p = p;
  if (p < r->end && (*p | 0x20) == exponent)
    return read_exponent(r);
  return YJ_JSON_WHOLE;
}

/* 0x and digits, or just the 0 where no digits follow. */
static enum yj_json_verdict read_hex(struct reader *r) {
  const char *zero = r->p;
  enum yj_json_verdict verdict;
  r->p = zero + 2;
  verdict = read_digits(r, HEX, 'p');
  if (verdict != YJ_JSON_INVALID)
    return verdict;
  r->p = zero + 1;
  return YJ_JSON_WHOLE;
}

static enum yj_json_verdict read_infinity(struct reader *r) {
  size_t n = common(r->p, r->end, "infinity", 0x20);
  if (r->p + n == r->end && n != 3 && n != 8)
    return YJ_JSON_INCOMPLETE;
  if (n < 3)
    return YJ_JSON_INVALID;
  r->p += n == 8 ? 8 : 3;
  return YJ_JSON_WHOLE;
}

static int is_word_byte(char c) {
  char small = (char)(c | 0x20);
  return is(c, DIGIT) || (small >= 'a' && small <= 'z') || c == '_';
}

/* nan, or nan(letters, digits and underscores) */
static enum yj_json_verdict read_nan(struct reader *r) {
  size_t n = common(r->p, r->end, "nan", 0x20);
  const char *p = r->p + n;
  if (n < 3)
    return p == r->end ? YJ_JSON_INCOMPLETE : YJ_JSON_INVALID;
  r->p = p;
  if (p == r->end || *p != '(')
    return YJ_JSON_WHOLE;
  do
    p++;
  while (p < r->end && is_word_byte(*p));
  if (p == r->end)
    return YJ_JSON_INCOMPLETE;
  if (*p == ')')
    r->p = p + 1;
  return YJ_JSON_WHOLE;
}

static enum yj_json_verdict read_number(struct reader *r) {
  if (*r->p == '-' || *r->p == '+')
    r->p++;
  if (r->p == r->end)
    return YJ_JSON_INCOMPLETE;
  if ((*r->p | 0x20) == 'i')
    return read_infinity(r);
  if ((*r->p | 0x20) == 'n')
    return read_nan(r);
  if (*r->p == '0' && r->end - r->p > 1 && (r->p[1] | 0x20) == 'x')
    return read_hex(r);
  return read_digits(r, DIGIT, 'e');
}

static enum yj_json_verdict read_null_or_nan(struct reader *r) {
  if (r->end - r->p == 1)
    return YJ_JSON_INCOMPLETE;
  return r->p[1] == 'u' ? read_word(r, "null") : read_number(r);
}

/* ---- strings ---- */

static int is_high(unsigned unit) { return (unit & 0xFC00) == 0xD800; }

static int is_low(unsigned unit) { return (unit & 0xFC00) == 0xDC00; }

/* Four hex digits. Those cut off by the end are taken from `rest`, the most
 * harmless completion, so that the caller can judge what is there. */
static enum yj_json_verdict read_unit(struct reader *r, const char *rest,
                                      unsigned *unit) {
  size_t have = (size_t)(r->end - r->p), i;
  *unit = 0;
  for (i = 0; i < 4; i++) {
    unsigned c = class_of[(unsigned char)(i < have ? r->p[i] : rest[i])];
    if ((c & HEX) == 0)
      return YJ_JSON_INVALID;
    *unit = *unit << 4 | (c & 0xF);
  }
  if (have < 4)
    return YJ_JSON_INCOMPLETE;
  r->p += 4;
  return YJ_JSON_WHOLE;
}

/* What follows the first half of a surrogate pair. */
static enum yj_json_verdict read_second_half(struct reader *r) {
  unsigned unit;
  enum yj_json_verdict verdict = read_word(r, "\\u");
  if (verdict != YJ_JSON_WHOLE)
    return verdict;
  verdict = read_unit(r, "dc00", &unit);
  return is_low(unit) ? verdict : YJ_JSON_INVALID;
}

/* p is at the backslash. */
static enum yj_json_verdict read_escape(struct reader *r) {
  unsigned unit;
  enum yj_json_verdict verdict;
  if (r->end - r->p < 2)
    return YJ_JSON_INCOMPLETE;
  r->p += 2;
  if (escapes[(unsigned char)r->p[-1]] != 0)
    return YJ_JSON_WHOLE;
  if (r->p[-1] != 'u')
    return YJ_JSON_INVALID;
  verdict = read_unit(r, "0000", &unit);
  if (is_low(unit))
    return YJ_JSON_INVALID;
  if (verdict == YJ_JSON_WHOLE && is_high(unit))
    return read_second_half(r);
  return verdict;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#define BYTES(c) (UINT64_C(0x0101010101010101) * (unsigned char)(c))
#define ZERO_IN(word) (((word) - BYTES(1)) & ~(word) & BYTES(0x80))

/* Passes bytes that stand for themselves, eight at a time while it can. Of the
 * marks that ZERO_IN makes only the lowest is sure, and only that counts. */
static const char *skip_plain(const char *p, const char *end) {
  while (end - p >= 8) {
    uint64_t word, stops;
    memcpy(&word, p, 8);
    stops = ZERO_IN(word) | ZERO_IN(word ^ BYTES('"')) |
            ZERO_IN(word ^ BYTES('\\'));
    if (stops != 0)
      return p + __builtin_ctzll(stops) / 8;
    p += 8;
  }
  while (p < end && !is(*p, STOP))
    p++;
  return p;
}

#else

static const char *skip_plain(const char *p, const char *end) {
  while (p < end && !is(*p, STOP))
    p++;
  return p;
}

#endif

/* p is at the quote. All bytes but NUL may stand in a string, as in cjson. */
static enum yj_json_verdict read_string(struct reader *r) {
  enum yj_json_verdict verdict = YJ_JSON_WHOLE;
  /* cppcheck-suppress ctuuninitvar ; p and end are all it needs */
  r->p++;
  r->escaped = 0;
  while (verdict == YJ_JSON_WHOLE) {
    r->p = skip_plain(r->p, r->end);
    if (r->p == r->end)
      return YJ_JSON_INCOMPLETE;
    if (*r->p == '"') {
      r->p++;
      return YJ_JSON_WHOLE;
    }
    if (*r->p == '\0')
      return YJ_JSON_INVALID;
    r->escaped = 1;
    verdict = read_escape(r);
  }
  return verdict;
}

enum yj_json_verdict yj_json_read_string(const char **p, const char *end,
                                         int *escaped) {
  struct reader r;
  enum yj_json_verdict verdict;
  r.p = *p;
  r.end = end;
  if (r.p == end || *r.p != '"')
    return r.p == end ? YJ_JSON_INCOMPLETE : YJ_JSON_INVALID;
  verdict = read_string(&r);
  *p = r.p;
  *escaped = r.escaped;
  return verdict;
}

static char *put_utf8(char *out, unsigned code) {
  static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  unsigned n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  unsigned i;
  for (i = n - 1; i > 0; i--) {
    out[i] = (char)(0x80 | (code & 0x3F));
    code >>= 6;
  }
  out[0] = (char)(leads[n] | code);
  return out + n;
}

/* The code point of a checked escape, with p at its hex digits. */
static unsigned take_code(struct reader *r) {
  unsigned code = 0, low = 0;
  read_unit(r, "", &code);
  if (!is_high(code))
    return code;
  r->p += 2;
  read_unit(r, "", &low);
  return 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
}

static char *put_bytes(char *out, const char *from, const char *to) {
  memcpy(out, from, (size_t)(to - from));
  return out + (to - from);
}

static size_t unescape(struct reader *r, char *out) {
  char *o = out;
  /* cppcheck-suppress ctuuninitvar ; p and end are all it needs */
  const char *slash = memchr(r->p, '\\', (size_t)(r->end - r->p));
  while (slash != NULL) {
    o = put_bytes(o, r->p, slash);
    r->p = slash + 2;
    if (slash[1] == 'u')
      o = put_utf8(o, take_code(r));
    else
      *o++ = escapes[(unsigned char)slash[1]];
    slash = memchr(r->p, '\\', (size_t)(r->end - r->p));
  }
  return (size_t)(put_bytes(o, r->p, r->end) - out);
}

size_t yj_json_unescape(const struct yj_json_value *value, char *out) {
  struct reader r;
  if (!value->escaped) {
    if (value->len > 0)
      memcpy(out, value->text, value->len);
    return value->len;
  }
  r.p = value->text;
  r.end = value->text + value->len;
  return unescape(&r, out);
}

/* ---- wanted fields ---- */

/* Where a name lies in a filter that tells most unwanted names at a glance. */
static uint64_t mark_of(const char *name, size_t len) {
  unsigned first = len == 0 ? 0 : (unsigned char)*name;
  return UINT64_C(1) << ((first ^ len) & 63);
}

static uint64_t filter_of(const struct yj_json_key *keys) {
  uint64_t filter = 0;
  for (; keys->name != NULL; keys++)
    filter |= mark_of(keys->name, keys->name_len);
  return filter;
}

/* The list's key of that name, or NULL; it was the last string read. */
static const struct yj_json_key *find(struct reader *r,
                                      const struct yj_json_key *keys,
                                      uint64_t filter, const char *name,
                                      size_t len) {
  if (r->escaped) {
    struct reader from;
    if (len > sizeof r->name)
      return NULL;  /* longer than any name, unescaped too */
    from.p = name;
    from.end = name + len;
    len = unescape(&from, r->name);
    name = r->name;
  }
  if ((filter & mark_of(name, len)) == 0)
    return NULL;
  for (; keys->name != NULL; keys++)
    if (keys->name_len == len && memcmp(keys->name, name, len) == 0)
      return keys;
  return NULL;
}

/* An earlier value of the same name does not count, nor what was in it. */
static void forget(struct reader *r, const struct yj_json_key *keys) {
  for (; keys != NULL && keys->name != NULL; keys++) {
    if (keys->slot >= 0)
      memset(&r->values[keys->slot], 0, sizeof *r->values);
    forget(r, keys->inside);
  }
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

/* Keeps the value just read. */
static void keep(const struct reader *r, size_t slot, const char *start) {
  struct yj_json_value *value = &r->values[slot];
  int quotes;
  assert(slot < r->n_values);
  value->type = type_at(start);
  quotes = value->type == YJ_JSON_STRING;
  value->escaped = quotes && r->escaped;
  value->text = start + quotes;
  value->len = (size_t)(r->p - start) - 2 * (size_t)quotes;
}

/* ---- values ---- */

static enum yj_json_verdict read_value(struct reader *r,
                                       const struct yj_json_key *inside,
                                       int first);

static enum yj_json_verdict read_wanted(struct reader *r,
                                        const struct yj_json_key *key) {
  enum yj_json_verdict verdict;
  const char *start;
  forget(r, key->inside);
  peek(r);
  start = r->p;
  verdict = read_value(r, key->inside, key->first);
  if (verdict == YJ_JSON_WHOLE && key->slot >= 0)
    keep(r, (size_t)key->slot, start);
  return verdict;
}

/* A name, a colon and a value. */
static enum yj_json_verdict read_member(struct reader *r,
                                        const struct yj_json_key *keys,
                                        uint64_t filter) {
  const struct yj_json_key *key = NULL;
  enum yj_json_verdict verdict;
  const char *name;
  int c = peek(r);
  if (c != '"')
    return unfit(c);
  name = r->p + 1;
  verdict = read_string(r);
  if (verdict != YJ_JSON_WHOLE)
    return verdict;
  if (keys != NULL)
    key = find(r, keys, filter, name, (size_t)(r->p - 1 - name));
  c = peek(r);
  if (c != ':')
    return unfit(c);
  r->p++;
  return key == NULL ? read_value(r, NULL, 0) : read_wanted(r, key);
}

/* Takes what stands behind an item: 1 if one more must follow, 0 if not, with
 * the verdict then. */
static int goes_on(struct reader *r, int close,
                   enum yj_json_verdict *verdict) {
  int c = peek(r);
  if (c != ',' && c != close) {
    *verdict = unfit(c);
    return 0;
  }
  r->p++;
  r->depth -= c == close;
  return c == ',';
}

/* Whether what opens at p closes at once; both brackets are taken then. */
static int is_empty(struct reader *r, int close) {
  r->p++;
  if (peek(r) != close)
    return 0;
  r->p++;
  r->depth--;
  return 1;
}

static enum yj_json_verdict read_object(struct reader *r,
                                        const struct yj_json_key *keys) {
  enum yj_json_verdict verdict;
  uint64_t filter = keys == NULL ? 0 : filter_of(keys);
  if (++r->depth > MAX_DEPTH)
    return YJ_JSON_INVALID;
  if (is_empty(r, '}'))
    return YJ_JSON_WHOLE;
  do
    verdict = read_member(r, keys, filter);
  while (verdict == YJ_JSON_WHOLE && goes_on(r, '}', &verdict));
  return verdict;
}

/* `inside` is for the first element. */
static enum yj_json_verdict read_array(struct reader *r,
                                       const struct yj_json_key *inside) {
  enum yj_json_verdict verdict;
  if (++r->depth > MAX_DEPTH)
    return YJ_JSON_INVALID;
  if (is_empty(r, ']'))
    return YJ_JSON_WHOLE;
  do {
    verdict = read_value(r, inside, 0);
    inside = NULL;
  } while (verdict == YJ_JSON_WHOLE && goes_on(r, ']', &verdict));
  return verdict;
}

/* Recursive, but never deeper than MAX_DEPTH. */
static enum yj_json_verdict read_value(struct reader *r,
                                       const struct yj_json_key *inside,
                                       int first) {
  int c = peek(r);
  switch (c) {
  case '"': return read_string(r);
  case '{': return read_object(r, first ? NULL : inside);
  case '[': return read_array(r, first ? inside : NULL);
  case 't': return read_word(r, "true");
  case 'f': return read_word(r, "false");
  case 'n': return read_null_or_nan(r);
  case 'N': case 'i': case 'I': case '+': case '-':
    return read_number(r);
  default:
    return c != END && is((char)c, DIGIT) ? read_number(r) : unfit(c);
  }
}

enum yj_json_verdict yj_json_read(const char *text, size_t len,
                                  const struct yj_json_key *keys,
                                  struct yj_json_value *values,
                                  size_t n_values, size_t *used) {
  struct reader r;
  enum yj_json_verdict verdict;
  r.p = text;
  r.end = text + len;
  r.values = values;
  r.n_values = n_values;
  r.depth = 0;
  r.escaped = 0;
  if (n_values > 0)
    memset(values, 0, n_values * sizeof *values);
  if (len >= 2 && (text[0] == '\0' || text[1] == '\0'))
    return YJ_JSON_INVALID;  /* cjson takes it for UTF-16 */
  verdict = read_value(&r, keys, 0);
  if (verdict == YJ_JSON_WHOLE)  /* NUL is the end of the text to cjson */
    *used = peek(&r) == '\0' ? len : (size_t)(r.p - text);
  return verdict;
}
