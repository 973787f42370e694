#include "tests/unit/diagnosis_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/fakes/fake_signs.h"

struct diagnosis *diagnosis_bench_observed(void (*on_line)(void *user, const struct diagnosis_line *line), void *user)
{
	struct diagnosis *diagnosis = NULL;
	struct error error;
	size_t count;
	const struct sign *signs = fake_signs(&count);

	assert_int_equal(diagnosis_new(signs, count, on_line, user, &diagnosis, &error), STATUS_OK);
	return diagnosis;
}

struct diagnosis *diagnosis_bench_begin(void)
{
	return diagnosis_bench_observed(NULL, NULL);
}

void diagnosis_bench_say(struct diagnosis *diagnosis, const char *text, uint64_t now_ms)
{
	diagnosis_input(diagnosis, bytes_of_text(text), now_ms);
}

struct verdict diagnosis_bench_judge(const char *text)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();
	struct verdict verdict;

	diagnosis_bench_say(diagnosis, text, 0);
	diagnosis_end(diagnosis, 0);
	diagnosis_verdict(diagnosis, &verdict);
	diagnosis_free(diagnosis);
	return verdict;
}
