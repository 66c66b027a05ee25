/* shape: reads JSON documents that look alike.
 *
 * The chunks of a stream differ in a few strings alone. So the last document
 * is kept, with the places of its wanted fields: one that has the same bytes
 * around its wanted strings has the same fields, is as valid, and is read by
 * comparing. Any other is read in full. Either becomes the one to compare
 * with. With this a text costs a third of the instructions.
 */
#pragma once

#include <stdint.h>

#include "buf.h"
#include "json.h"

#pragma GCC visibility push(hidden)

#define YJ_SHAPE_FIELDS 16             /* tables with more are read in full */
#define YJ_SHAPE_LONGEST ((size_t)8192) /* so are longer documents */

/* All zeroes: nothing to compare with yet. */
struct yj_shape {
  struct yj_buf text;    /* the last document that could be kept */
  unsigned char is_last; /* it is the last one that was read */
  unsigned char top, inside; /* of its yj_json_rest */
  uint8_t n_fields;      /* of those found in it, by where they begin */
  struct yj_shape_field {
    uint16_t begin, end; /* of a string: between its quotes */
    uint8_t slot, type;  /* enum yj_json_type */
  } fields[YJ_SHAPE_FIELDS];
};

/* As yj_json_read(), but a document that is like the one before has no hash of
 * names: none is new. No key may have both a slot and an `inside`. */
enum yj_json_verdict yj_shape_read(struct yj_shape *shape, const char *text,
                                   size_t len, const struct yj_json_key *keys,
                                   struct yj_json_value *values,
                                   size_t n_values, size_t *used,
                                   struct yj_json_rest *rest);

void yj_shape_free(struct yj_shape *shape);

#pragma GCC visibility pop
