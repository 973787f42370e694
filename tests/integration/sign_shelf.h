/* tests/integration/sign_shelf.h
 *
 * The signs of firmware-db as they are, loaded once for a test program, and lines held against them. */
#ifndef UNBRICK_TESTS_SIGN_SHELF_H
#define UNBRICK_TESTS_SIGN_SHELF_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recovery/diagnosis/sign_set.h"
#include "src/store/device_library.h"

struct sign_shelf {
	struct device_library *library;
	const struct sign *signs;
	size_t count;
	struct sign_set *set;
};

struct sign_meeting {
	const char *id, *line;
};

/* For a group of tests; *state is a struct sign_shelf. */
int sign_shelf_open(void **state);
int sign_shelf_close(void **state);
/* Each line, without the time in front of it, is met by its sign. */
void sign_shelf_meets(const struct sign_shelf *shelf, const struct sign_meeting *rows, size_t count);
/* None of the lines is called a fault. */
void sign_shelf_finds_no_fault(const struct sign_shelf *shelf, const char *const *lines, size_t count);

#endif
