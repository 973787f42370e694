#include "tests/integration/library_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/text.h"

const char library_good_procedure[] =
	"title: t\nsummary: s\nneeds: serial\nsource: x\nsteps:\n  - do: note\n    text: hold ${hold}\n";
const char library_good_profile[] =
	"vendor: Acme\nmodel: One\nkind: router\nsources: { all: nowhere }\n"
	"methods:\n  - { name: m, procedure: p, tested: untested, with: { hold: 7s } }\n";

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about;
	(void)type;
	(void)walk;
	return remove(path);
}

int library_bench_begin(void **state)
{
	struct library_bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	strcpy(bench->root, "/tmp/unbrick-library-XXXXXX");
	assert_non_null(mkdtemp(bench->root));
	text_format(bench->second, sizeof(bench->second), "%s/second", bench->root);
	*state = bench;
	return 0;
}

int library_bench_end(void **state)
{
	struct library_bench *bench = *state;

	device_library_free(bench->library);
	nftw(bench->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(bench);
	return 0;
}

void library_bench_put(const char *root, const char *path, const char *text)
{
	char full[256];
	FILE *file;

	text_format(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

void library_bench_open(struct library_bench *bench)
{
	const char *const roots[] = { bench->root, bench->second, NULL };
	struct error error;

	if (device_library_open(roots, &bench->library, &error) != STATUS_OK)
		fail_msg("%s", error.text);
}

void library_bench_collect(void *user, const struct error *error)
{
	struct collected_errors *collected = user;

	collected->count++;
	collected->last = *error;
	text_append(collected->all, sizeof(collected->all), "%s\n", error->text);
}

void library_bench_assert_one_error(struct library_bench *bench, const char *file_and_line, const char *expected)
{
	struct collected_errors errors = { 0 };
	char start[160];

	device_library_free(bench->library);
	bench->library = NULL;
	library_bench_open(bench);
	device_library_lint(bench->library, library_bench_collect, &errors);
	if (errors.count != 1)
		fail_msg("%zu errors instead of one for '%s':\n%s", errors.count, expected, errors.all);
	text_format(start, sizeof(start), "%s/%s: ", bench->root, file_and_line);
	if (!text_starts(errors.last.text, start) || !text_contains(errors.last.text, expected))
		fail_msg("'%s' is not '%s...%s'", errors.last.text, start, expected);
}

void library_bench_put_profile(const char *root, const char *id, const char *vendor, const char *model, const char *more)
{
	char path[96], text[512];

	text_format(path, sizeof(path), "devices/%s.yaml", id);
	text_format(text, sizeof(text), "vendor: %s\nmodel: %s\nkind: router\nno-method: x\nsources: { all: x }\n%s",
		    vendor, model, more);
	library_bench_put(root, path, text);
}
