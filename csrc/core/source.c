#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define GROUPS ((size_t)1024) /* of three bytes, encoded at a time */

struct yj_piece {
  struct yj_piece *next;
  struct yj_file file; /* closed: the bytes are in memory */
  enum yj_coding coding;
  int64_t size;     /* before coding */
  int64_t offset;   /* so many bytes are taken, before coding */
  size_t coded_at, coded_len; /* in `coded`, which is behind the bytes */
  char *coded;      /* base64: what is encoded and not handed out */
  char bytes[];     /* of a piece in memory */
};

static struct yj_piece *new_piece(size_t bytes, enum yj_coding coding) {
  struct yj_piece *piece;
  size_t size = sizeof *piece + (coding == YJ_BASE64 ? GROUPS * 4 : 0);
  piece = bytes > SIZE_MAX - size ? NULL : malloc(size + bytes);
  if (piece == NULL)
    return NULL;
  memset(piece, 0, sizeof *piece);
  piece->coding = coding;
  piece->coded = piece->bytes + bytes;
  piece->file.handle = -1;
  piece->size = (int64_t)bytes;
  return piece;
}

static void free_piece(struct yj_piece *piece) {
  yj_file_close(&piece->file);
  free(piece);
}

static int64_t coded_length(const struct yj_piece *piece) {
  return piece->coding == YJ_BASE64 ? (piece->size + 2) / 3 * 4 : piece->size;
}

static int append(struct yj_source *s, struct yj_piece *piece) {
  int64_t length = coded_length(piece);
  if (length > INT64_MAX - s->length)
    return EFBIG;
  *(s->last == NULL ? &s->first : &s->last->next) = piece;
  s->last = piece;
  s->current = s->first;
  s->length += length;
  return 0;
}

/* Opens the file and takes its size; 0, or an error of path.h. */
static int open_file(struct yj_piece *piece, const char *path) {
  int error = yj_file_open(&piece->file, path, YJ_TO_READ);
  if (error == 0)
    error = yj_file_size(&piece->file, &piece->size);
  return error == 0 && piece->size > INT64_MAX / 4 * 3 ? EFBIG : error;
}

/* Adds the piece, or frees it; 0, or the error so far or of this. */
static int add(struct yj_source *s, struct yj_piece *piece, int error) {
  if (error == 0)
    error = append(s, piece);
  if (error != 0)
    free_piece(piece);
  return error;
}

int yj_source_add_bytes(struct yj_source *s, const void *bytes, size_t n,
                        enum yj_coding coding) {
  struct yj_piece *piece = new_piece(n, coding);
  if (piece == NULL)
    return ENOMEM;
  if (n > 0)
    memcpy(piece->bytes, bytes, n);
  return add(s, piece, 0);
}

int yj_source_add_file(struct yj_source *s, const char *path,
                       enum yj_coding coding) {
  struct yj_piece *piece = new_piece(0, coding);
  return piece == NULL ? ENOMEM : add(s, piece, open_file(piece, path));
}

const char *yj_source_bytes(const struct yj_source *s) {
  const struct yj_piece *piece = s->first;
  if (piece == NULL)
    return "";
  return piece->next == NULL && piece->file.handle < 0 &&
                 piece->coding == YJ_PLAIN ? piece->bytes : NULL;
}

/* Exactly n bytes of the piece, n being no more than it has; 0 or -1. */
static int take_raw(struct yj_piece *piece, char *out, size_t n) {
  size_t done = 0;
  if (piece->file.handle < 0) {
    memcpy(out, piece->bytes + piece->offset, n);
    piece->offset += (int64_t)n;
    return 0;
  }
  while (done < n) {
    int64_t got = yj_file_read(&piece->file, piece->offset + (int64_t)done,
                               out + done, n - done);
    if (got <= 0) {
      errno = got == 0 ? YJ_CUT_SHORT : errno;
      return -1;
    }
    done += (size_t)got;
  }
  piece->offset += (int64_t)n;
  return 0;
}

static size_t at_most(int64_t left, size_t n) {
  return left < (int64_t)n ? (size_t)left : n;
}

static void encode_group(const unsigned char *in, char *out) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned bits = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
  out[0] = digits[bits >> 18];
  out[1] = digits[bits >> 12 & 63];
  out[2] = digits[bits >> 6 & 63];
  out[3] = digits[bits & 63];
}

/* Encodes the next groups of the piece; 0 or -1. */
static int encode_more(struct yj_piece *piece) {
  unsigned char raw[GROUPS * 3];
  size_t n = at_most(piece->size - piece->offset, sizeof raw), i;
  size_t groups = (n + 2) / 3;
  if (take_raw(piece, (char *)raw, n) != 0)
    return -1;
  memset(raw + n, 0, groups * 3 - n);
  for (i = 0; i < groups; i++)
    encode_group(raw + 3 * i, piece->coded + 4 * i);
  for (i = groups * 3 - n; i > 0; i--)
    piece->coded[groups * 4 - i] = '=';
  piece->coded_at = 0;
  piece->coded_len = groups * 4;
  return 0;
}

static int64_t read_coded(struct yj_piece *piece, char *out, size_t n) {
  size_t left;
  if (piece->coded_at == piece->coded_len) {
    if (piece->offset == piece->size)
      return 0;
    if (encode_more(piece) != 0)
      return -1;
  }
  left = piece->coded_len - piece->coded_at;
  n = n < left ? n : left;
  memcpy(out, piece->coded + piece->coded_at, n);
  piece->coded_at += n;
  return (int64_t)n;
}

static int64_t read_piece(struct yj_piece *piece, char *out, size_t n) {
  if (piece->coding == YJ_BASE64)
    return read_coded(piece, out, n);
  n = at_most(piece->size - piece->offset, n);
  return take_raw(piece, out, n) == 0 ? (int64_t)n : -1;
}

int64_t yj_source_read(struct yj_source *s, char *out, size_t n) {
  size_t done = 0;
  while (s->current != NULL && done < n) {
    int64_t got = read_piece(s->current, out + done, n - done);
    if (got < 0) {
      s->error = errno;
      return -1;
    }
    if (got == 0)
      s->current = s->current->next;
    done += (size_t)got;
  }
  return (int64_t)done;
}

void yj_source_rewind(struct yj_source *s) {
  struct yj_piece *piece;
  for (piece = s->first; piece != NULL; piece = piece->next) {
    piece->offset = 0;
    piece->coded_at = piece->coded_len = 0;
  }
  s->current = s->first;
}

void yj_source_free(struct yj_source *s) {
  while (s->first != NULL) {
    struct yj_piece *next = s->first->next;
    free_piece(s->first);
    s->first = next;
  }
  memset(s, 0, sizeof *s);
}
