/* tests/integration/test_corpus.c
 *
 * The diagnosis over labelled logs of real devices: ../shared/corpus/logs and ../shared/corpus/qemu beside the source
 * tree, or below $UNBRICK_SHARED. Prints the score of each label and each miss; the threshold stands a little under
 * what is reached, for these logs are a sample and chasing the last of them would teach the signs the sample instead of
 * the messages. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/diagnosis/diagnosis.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/device_library.h"

enum {
	LOG_MAX = 4 * 1024 * 1024,
	LEAST_PERCENT = 97,
	SKIPPED = 77,
};

struct score {
	unsigned total[CAUSE_COUNT], right[CAUSE_COUNT];
	unsigned ambiguous_total, ambiguous_right;
	unsigned bytes;
};

struct truth {
	char label[64];
	char also[160];
	bool is_ambiguous;
};

static bool read_truth(const char *path, struct truth *ret_truth)
{
	char line[1024];
	FILE *file = fopen(path, "r");

	memset(ret_truth, 0, sizeof(*ret_truth));
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (text_starts(line, "label: "))
			text_copy(ret_truth->label, sizeof(ret_truth->label), line + 7);
		else if (text_starts(line, "also: "))
			text_copy(ret_truth->also, sizeof(ret_truth->also), line + 6);
		else if (text_starts(line, "ambiguous: yes"))
			ret_truth->is_ambiguous = true;
	}
	fclose(file);
	return ret_truth->label[0] != '\0';
}

static bool accepts(const struct truth *truth, enum cause cause)
{
	char also[168], *rest = also, *word;

	if (text_equal(truth->label, cause_label(cause)))
		return true;
	/* the corpus of logs has no label of its own for a missing root file system: its BAD-ENV means both */
	if (text_equal(truth->label, "BAD-ENV") && cause == CAUSE_NO_ROOTFS)
		return true;
	text_copy(also, sizeof(also), truth->also);
	while ((word = strtok_r(rest, ", ", &rest)) != NULL)
		if (text_equal(word, cause_label(cause)))
			return true;
	return false;
}

static bool feed(struct diagnosis *diagnosis, const char *path, unsigned *bytes)
{
	uint8_t block[4096];
	size_t size;
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return false;
	diagnosis_reset(diagnosis);
	while ((size = fread(block, 1, sizeof(block), file)) > 0 && *bytes < LOG_MAX) {
		diagnosis_input(diagnosis, bytes_of(block, size), 0);
		*bytes += (unsigned)size;
	}
	diagnosis_end(diagnosis, 0);
	fclose(file);
	return true;
}

static void judge_file(struct diagnosis *diagnosis, const char *folder, const char *name, struct score *score)
{
	char path[1024];
	struct truth truth;
	struct verdict verdict;
	enum cause label;
	bool is_right;

	text_format(path, sizeof(path), "%s/%.*s.meta", folder, (int)(strlen(name) - 4), name);
	if (!read_truth(path, &truth) || !cause_parse(truth.label, &label))
		return;
	text_format(path, sizeof(path), "%s/%s", folder, name);
	score->bytes = 0;
	if (!feed(diagnosis, path, &score->bytes))
		return;
	diagnosis_verdict(diagnosis, &verdict);
	is_right = accepts(&truth, verdict.cause);
	if (!is_right)
		printf("miss: %s: %s, should be %s%s\n", name, cause_label(verdict.cause), truth.label,
			truth.is_ambiguous ? " (ambiguous)" : "");
	if (truth.is_ambiguous) {
		score->ambiguous_total++;
		score->ambiguous_right += is_right;
		return;
	}
	score->total[label]++;
	score->right[label] += is_right;
}

static bool judge_folder(struct diagnosis *diagnosis, const char *shared, const char *part, struct score *score)
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
			judge_file(diagnosis, folder, entry->d_name, score);
	}
	closedir(dir);
	return true;
}

static int report(const struct score *score)
{
	unsigned total = 0, right = 0;

	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		if (score->total[c] > 0)
			printf("%-20s %3u of %3u\n", cause_label((enum cause)c), score->right[c], score->total[c]);
		total += score->total[c];
		right += score->right[c];
	}
	printf("%-20s %3u of %3u, and %u of %u ambiguous ones\n", "all", right, total, score->ambiguous_right,
		score->ambiguous_total);
	if (total == 0 || right * 100 < total * LEAST_PERCENT) {
		fprintf(stderr, "fewer than %d of 100 logs are judged right\n", LEAST_PERCENT);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(void)
{
	const char *source = getenv("srcdir"), *shared = getenv("UNBRICK_SHARED");
	char database[512], beside[512];
	const char *folders[] = { database, NULL };
	struct device_library *library = NULL;
	struct diagnosis *diagnosis = NULL;
	const struct sign *signs = NULL;
	struct score score = { .bytes = 0 };
	size_t count = 0;
	struct error error;
	int result = EXIT_FAILURE;

	text_format(database, sizeof(database), "%s/firmware-db", source ? source : ".");
	text_format(beside, sizeof(beside), "%s/../shared", source ? source : ".");
	if (device_library_open(folders, &library, &error) != STATUS_OK ||
		device_library_signs(library, &signs, &count, &error) != STATUS_OK ||
		diagnosis_new(signs, count, NULL, NULL, &diagnosis, &error) != STATUS_OK)
		fprintf(stderr, "%s\n", error.text);
	else if (!judge_folder(diagnosis, shared ? shared : beside, "logs", &score) ||
		 !judge_folder(diagnosis, shared ? shared : beside, "qemu", &score))
		result = SKIPPED;
	else
		result = report(&score);
	diagnosis_free(diagnosis);
	device_library_free(library);
	return result;
}
