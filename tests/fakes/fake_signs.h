/* tests/fakes/fake_signs.h
 *
 * A handful of signs, of each effect and stage; firmware-db's own are tested in tests/integration. */
#ifndef UNBRICK_TESTS_FAKE_SIGNS_H
#define UNBRICK_TESTS_FAKE_SIGNS_H

#include "recovery/diagnosis/sign.h"

const struct sign *fake_signs(size_t *ret_count);

#endif
