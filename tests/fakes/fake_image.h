/* tests/fakes/fake_image.h
 *
 * Views of made-up firmware files for the screens. The file's name says which: damaged.bin, nested.zip, large.bin (is being read until it is
 * stopped and opened again), missing.bin (there is none); any other is good. Their bytes follow from the offset. */
#ifndef UNBRICK_TESTS_FAKES_FAKE_IMAGE_H
#define UNBRICK_TESTS_FAKES_FAKE_IMAGE_H

#include "src/core/image_view.h"

enum status fake_image_open(struct image_view *view, const char *path, int64_t case_id, struct error *reterr);
void fake_image_finish(struct image_view *view, bool is_deep);
size_t fake_image_read(const struct image_view *view, uint64_t offset, uint8_t *to, size_t size);
void fake_image_find(struct image_view *view, uint64_t from, struct bytes pattern, bool ignores_case);

#endif
