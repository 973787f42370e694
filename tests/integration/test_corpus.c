/* tests/integration/test_corpus.c
 *
 * The diagnosis over labelled logs of real devices: ../shared/corpus/logs and ../shared/corpus/qemu beside the source
 * tree, or below $UNBRICK_SHARED. Prints the score of each label and each miss; the threshold stands a little under
 * what is reached, for these logs are a sample and chasing the last of them would teach the signs the sample instead of
 * the messages.
 *
 * What a sample that the signs were written with cannot tell is how a device fares that nobody has seen. Therefore the
 * logs are judged a second time, one family of devices after the other, each without the signs that no other log holds. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/diagnosis/diagnosis.h"
#include "recovery/diagnosis/line_reader.h"
#include "recovery/diagnosis/sign_set.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/device_library.h"

enum {
	LOG_MAX = 4 * 1024 * 1024,
	LOGS_MAX = 2048,
	LEAST_PERCENT = 97,
	LEAST_LEFT_OUT_PERCENT = 80,
	SKIPPED = 77,
	NO_FAMILY = 0,		/* of a sign: no log holds it; of a log: none is told */
	MANY_FAMILIES = 65535,
};

struct log_case {
	char name[256];
	char path[1024];
	char label[64];
	char also[160];
	char family_name[64];
	bool is_ambiguous;
	unsigned family;	/* the number of the first log of its family, + 1 */
};

struct corpus {
	struct log_case log[LOGS_MAX];
	size_t count;
	const struct sign *signs;
	size_t sign_count;
	unsigned *only_family;	/* of each sign: the one family whose logs hold it */
};

struct score {
	unsigned total[CAUSE_COUNT], right[CAUSE_COUNT];
	unsigned ambiguous_total, ambiguous_right;
	unsigned false_alarms;	/* good starts that are called a fault */
};

static bool read_truth(const char *path, struct log_case *log)
{
	char line[1024];
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (text_starts(line, "label: "))
			text_copy(log->label, sizeof(log->label), line + 7);
		else if (text_starts(line, "also: "))
			text_copy(log->also, sizeof(log->also), line + 6);
		else if (text_starts(line, "family: "))
			text_copy(log->family_name, sizeof(log->family_name), line + 8);
		else if (text_starts(line, "ambiguous: yes"))
			log->is_ambiguous = true;
	}
	fclose(file);
	return log->label[0] != '\0';
}

static bool accepts(const struct log_case *log, enum cause cause)
{
	char also[168], *rest = also, *word;

	if (text_equal(log->label, cause_label(cause)))
		return true;
	/* the corpus of logs has no label of its own for a missing root file system: its BAD-ENV means both */
	if (text_equal(log->label, "BAD-ENV") && cause == CAUSE_NO_ROOTFS)
		return true;
	text_copy(also, sizeof(also), log->also);
	while ((word = strtok_r(rest, ", ", &rest)) != NULL)
		if (text_equal(word, cause_label(cause)))
			return true;
	return false;
}

static void add_log(struct corpus *corpus, const char *folder, const char *name)
{
	struct log_case *log = &corpus->log[corpus->count];
	char truth[1024];
	enum cause label;

	if (corpus->count == LOGS_MAX)
		return;
	memset(log, 0, sizeof(*log));
	text_copy(log->name, sizeof(log->name), name);
	text_format(log->path, sizeof(log->path), "%s/%s", folder, name);
	text_format(truth, sizeof(truth), "%s/%.*s.meta", folder, (int)(strlen(name) - 4), name);
	if (!read_truth(truth, log) || !cause_parse(log->label, &label))
		return;
	corpus->count++;
	for (size_t i = 0; log->family_name[0] != '\0' && log->family == NO_FAMILY; i++)
		if (text_equal(corpus->log[i].family_name, log->family_name))
			log->family = (unsigned)i + 1;
}

static bool add_folder(struct corpus *corpus, const char *shared, const char *part)
{
	char folder[768];
	struct dirent *entry;
	DIR *dir;

	text_format(folder, sizeof(folder), "%s/corpus/%s", shared, part);
	dir = opendir(folder);
	if (dir == NULL) {
		fprintf(stderr,
			"skipped: no labelled logs in '%s'; set UNBRICK_SHARED to the folder that holds corpus/\n",
			folder);
		return false;
	}
	while ((entry = readdir(dir)) != NULL) {
		size_t size = strlen(entry->d_name);

		if (size > 4 && text_equal(entry->d_name + size - 4, ".log"))
			add_log(corpus, folder, entry->d_name);
	}
	closedir(dir);
	return true;
}

/* Hands the log to take, in parts. */
static bool read_log(const struct log_case *log, void (*take)(void *user, struct bytes part), void *user)
{
	uint8_t block[4096];
	size_t size, bytes = 0;
	FILE *file = fopen(log->path, "rb");

	if (file == NULL)
		return false;
	while ((size = fread(block, 1, sizeof(block), file)) > 0 && bytes < LOG_MAX) {
		take(user, bytes_of(block, size));
		bytes += size;
	}
	fclose(file);
	return true;
}

static void diagnose_part(void *user, struct bytes part)
{
	diagnosis_input(user, part, 0);
}

static void judge(struct diagnosis *diagnosis, const struct log_case *log, const char *how, struct score *score)
{
	struct verdict verdict;
	enum cause label;
	bool is_right;

	diagnosis_reset(diagnosis);
	if (!cause_parse(log->label, &label) || !read_log(log, diagnose_part, diagnosis))
		return;
	diagnosis_end(diagnosis, 0);
	diagnosis_verdict(diagnosis, &verdict);
	is_right = accepts(log, verdict.cause);
	if (!is_right)
		printf("%s: %s: %s, should be %s%s\n", how, log->name, cause_label(verdict.cause), log->label,
			log->is_ambiguous ? " (ambiguous)" : "");
	if (log->is_ambiguous) {
		score->ambiguous_total++;
		score->ambiguous_right += is_right;
		return;
	}
	score->total[label]++;
	score->right[label] += is_right;
	score->false_alarms += label == CAUSE_HEALTHY && !is_right && cause_is_fault(verdict.cause);
}

static bool report(const struct score *score, const char *what, unsigned least_percent, bool has_labels)
{
	unsigned total = 0, right = 0;

	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		if (score->total[c] > 0 && has_labels)
			printf("%-20s %3u of %3u\n", cause_label((enum cause)c), score->right[c], score->total[c]);
		total += score->total[c];
		right += score->right[c];
	}
	printf("%s: %u of %u (%.1f %%), and %u of %u ambiguous ones\n", what, right, total,
		total ? 100.0 * right / total : 0, score->ambiguous_right, score->ambiguous_total);
	if (total == 0 || right * 100 < total * least_percent) {
		fprintf(stderr, "%s: fewer than %u of 100 logs are judged right\n", what, least_percent);
		return false;
	}
	return true;
}

/* ---- one family left out ---- */

struct incidence {
	struct corpus *corpus;
	struct sign_set *set;
	struct line_reader reader;
	unsigned family;
};

static void note_line(struct incidence *incidence, const struct reader_line *line)
{
	struct sign_match matches[SIGN_SET_MATCHES_MAX];
	size_t count = sign_set_match(incidence->set, bytes_of(line->text + line->body, line->size - line->body),
				      matches);

	for (size_t i = 0; i < count; i++) {
		unsigned *only = &incidence->corpus->only_family[matches[i].sign - incidence->corpus->signs];

		*only = *only == NO_FAMILY || *only == incidence->family ? incidence->family : MANY_FAMILIES;
	}
}

static void note_part(void *user, struct bytes part)
{
	struct incidence *incidence = user;
	struct reader_line line;

	while (line_reader_next(&incidence->reader, &part, 0, &line))
		note_line(incidence, &line);
}

static bool note_families(struct corpus *corpus, struct error *reterr)
{
	struct incidence incidence = { .corpus = corpus };
	struct reader_line line;

	if (sign_set_new(corpus->signs, corpus->sign_count, &incidence.set, reterr) != STATUS_OK)
		return false;
	for (size_t i = 0; i < corpus->count; i++) {
		line_reader_init(&incidence.reader);
		incidence.family = corpus->log[i].family != NO_FAMILY ? corpus->log[i].family : MANY_FAMILIES;
		(void)read_log(&corpus->log[i], note_part, &incidence);
		if (line_reader_end(&incidence.reader, &line))
			note_line(&incidence, &line);
	}
	sign_set_free(incidence.set);
	return true;
}

static bool judge_without_family(const struct corpus *corpus, unsigned family, struct score *score,
				 struct error *reterr)
{
	AUTO_FREE struct sign *signs = calloc(corpus->sign_count + 1, sizeof(*signs));
	struct diagnosis *diagnosis = NULL;
	size_t count = 0;

	for (size_t i = 0; signs != NULL && i < corpus->sign_count; i++)
		if (corpus->only_family[i] != family)
			signs[count++] = corpus->signs[i];
	if (signs == NULL || diagnosis_new(signs, count, NULL, NULL, &diagnosis, reterr) != STATUS_OK)
		return false;
	for (size_t i = 0; i < corpus->count; i++)
		if (corpus->log[i].family == family)
			judge(diagnosis, &corpus->log[i], "miss without its family's own signs", score);
	diagnosis_free(diagnosis);
	return true;
}

static bool judge_left_out(struct corpus *corpus, struct score *score, struct error *reterr)
{
	corpus->only_family = calloc(corpus->sign_count + 1, sizeof(*corpus->only_family));
	if (corpus->only_family == NULL || !note_families(corpus, reterr))
		return false;
	for (size_t i = 0; i < corpus->count; i++)
		if (corpus->log[i].family == i + 1 && !judge_without_family(corpus, (unsigned)i + 1, score, reterr))
			return false;
	return true;
}

static bool judge_all(struct corpus *corpus, struct error *reterr)
{
	struct score all = { .false_alarms = 0 }, left_out = { .false_alarms = 0 };
	struct diagnosis *diagnosis = NULL;
	bool is_well;

	if (diagnosis_new(corpus->signs, corpus->sign_count, NULL, NULL, &diagnosis, reterr) != STATUS_OK)
		return false;
	for (size_t i = 0; i < corpus->count; i++)
		judge(diagnosis, &corpus->log[i], "miss", &all);
	diagnosis_free(diagnosis);
	is_well = report(&all, "in sample", LEAST_PERCENT, true);
	if (!judge_left_out(corpus, &left_out, reterr))
		return false;
	is_well &= report(&left_out, "each family left out", LEAST_LEFT_OUT_PERCENT, false);
	printf("good starts called a fault: %u in sample, %u with their family left out\n", all.false_alarms,
		left_out.false_alarms);
	if (all.false_alarms > 0)
		fprintf(stderr, "a good start is called a fault\n");
	text_copy(reterr->text, sizeof(reterr->text), "");
	return is_well && all.false_alarms == 0;
}

int main(void)
{
	static struct corpus corpus;
	const char *source = getenv("srcdir"), *shared = getenv("UNBRICK_SHARED");
	char database[512], beside[512];
	const char *folders[] = { database, NULL };
	struct device_library *library = NULL;
	struct error error = { .text = "" };
	int result = EXIT_FAILURE;

	text_format(database, sizeof(database), "%s/firmware-db", source ? source : ".");
	text_format(beside, sizeof(beside), "%s/../shared", source ? source : ".");
	if (device_library_open(folders, &library, &error) != STATUS_OK ||
		device_library_signs(library, &corpus.signs, &corpus.sign_count, &error) != STATUS_OK)
		fprintf(stderr, "%s\n", error.text);
	else if (!add_folder(&corpus, shared ? shared : beside, "logs") ||
		 !add_folder(&corpus, shared ? shared : beside, "qemu"))
		result = SKIPPED;
	else if (judge_all(&corpus, &error))
		result = EXIT_SUCCESS;
	else if (error.text[0] != '\0')
		fprintf(stderr, "%s\n", error.text);
	free(corpus.only_family);
	device_library_free(library);
	return result;
}
