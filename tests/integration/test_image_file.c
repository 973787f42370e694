/* Image files on a real disk: what cannot be opened, and what changes underneath. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/media/image_file.h"
#include "tests/fakes/temp_folder.h"

static int setup(void **state)
{
	/* others may look into it, for a file that they may not read */
	return temp_bench_begin(state, "image", "firmware.bin") == 0 ? chmod(((struct temp_bench *)*state)->folder, 0755) : -1;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_not_opened(const char *path, enum status expected, const char *reason)
{
	struct image_file *file = NULL;
	struct error error = { .text = "" };

	assert_int_equal(image_file_open(path, &file, &error), expected);
	assert_null(file);
	assert_non_null(strstr(error.text, path));
	if (strstr(error.text, reason) == NULL)
		fail_msg("'%s' does not say '%s'", error.text, reason);
	assert_true(error.hint[0] != '\0');
}

static void what_cannot_be_opened_says_why_and_what_to_do(void **state)
{
	struct temp_bench *bench = *state;
	char name[301];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_not_opened(name, STATUS_NOT_FOUND, "no name is that long");

	assert_not_opened(bench->path, STATUS_NOT_FOUND, "no such file");
	put(bench->path, "");
	assert_not_opened(bench->path, STATUS_INVALID, "empty");
	assert_not_opened(bench->folder, STATUS_INVALID, "folder");
	unlink(bench->path);
	assert_int_equal(mkfifo(bench->path, 0600), 0);
	assert_not_opened(bench->path, STATUS_INVALID, "a pipe");
	assert_not_opened("/dev/null", STATUS_INVALID, "no regular file");
	unlink(bench->path);
	assert_int_equal(symlink("firmware.bin", bench->path), 0);
	assert_not_opened(bench->path, STATUS_NOT_FOUND, "a link that leads to itself");
}

static void a_file_that_may_not_be_read_says_so(void **state)
{
	struct temp_bench *bench = *state;
	int status;
	pid_t child;

	put(bench->path, "image");
	assert_int_equal(chmod(bench->path, 0), 0);
	/* root may read everything: ask as somebody else */
	child = fork();
	if (child == 0) {
		struct image_file *file = NULL;
		struct error error = { .text = "" };

		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(2);
		_exit(image_file_open(bench->path, &file, &error) == STATUS_NO_PERMISSION && error.hint[0] != '\0' ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static struct image_file *open_image(const char *path)
{
	struct image_file *file = NULL;
	struct error error = { .text = "" };

	if (image_file_open(path, &file, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	return file;
}

static void an_open_image_gives_its_bytes_and_facts(void **state)
{
	struct temp_bench *bench = *state;
	struct image_file *file;
	char part[5] = "";

	put(bench->path, "<html>404</html>");
	file = open_image(bench->path);
	assert_string_equal(image_file_path(file), bench->path);
	assert_true(bytes_equal(image_file_bytes(file), BYTES("<html>404</html>")));
	assert_string_equal(image_file_facts(file)->format, "html");
	assert_ptr_equal(image_file_facts(file), image_file_facts(file));
	assert_int_equal(image_file_read(file, 6, part, 3, NULL), STATUS_OK);
	assert_string_equal(part, "404");
	assert_int_equal(image_file_read(file, 15, part, 2, NULL), STATUS_INVALID);
	assert_int_equal(image_file_read(file, UINT64_MAX, part, 2, NULL), STATUS_INVALID);
	assert_true(image_file_is_same(file, NULL));
	image_file_free(file);
}

static void assert_changed(struct image_file *file, const char *how)
{
	struct error error = { .text = "" };
	char part[2];

	assert_false(image_file_is_same(file, &error));
	assert_int_equal(error.status, STATUS_REFUSED);
	if (strstr(error.text, how) == NULL)
		fail_msg("'%s' does not say '%s'", error.text, how);
	assert_int_equal(image_file_read(file, 0, part, 1, &error), STATUS_REFUSED);
	image_file_free(file);
}

static void a_change_underneath_is_noticed(void **state)
{
	struct temp_bench *bench = *state;
	const struct timespec times[2] = { { 1, 0 }, { 1, 5 } };
	struct image_file *file;
	char other[240];

	put(bench->path, "first");
	file = open_image(bench->path);
	put(bench->path, "longer than before");
	assert_changed(file, "size");

	file = open_image(bench->path);
	utimensat(AT_FDCWD, bench->path, times, 0);	/* written to, the size the same */
	assert_changed(file, "written");

	file = open_image(bench->path);
	text_format(other, sizeof(other), "%s/new", bench->folder);
	put(other, "longer than before");
	assert_int_equal(rename(other, bench->path), 0);
	assert_changed(file, "another file");

	file = open_image(bench->path);
	unlink(bench->path);
	assert_changed(file, "gone");
}

static void openssl_computes_what_a_fit_asks_for_and_nothing_else(void **state)
{
	const struct image_ops *ops = image_file_ops();
	uint8_t digest[IMAGE_DIGEST_SIZE];

	(void)state;
	assert_int_equal(ops->digest(ops->user, "sha256", BYTES("abc"), digest), 32);
	assert_memory_equal(digest, "\xba\x78\x16\xbf", 4);
	assert_int_equal(ops->digest(ops->user, "sha512", BYTES("abc"), digest), 64);
	assert_int_equal(ops->digest(ops->user, "shake256", BYTES("abc"), digest), 0);
	assert_int_equal(ops->digest(ops->user, "", BYTES("abc"), digest), 0);
}

/* FIPS PUB 81, table B1: "Now is the time for all " in ECB mode. */
static void openssl_decrypts_single_des_in_whole_blocks_and_nothing_else(void **state)
{
	static const struct bytes key = BYTES("\x01\x23\x45\x67\x89\xab\xcd\xef");
	const struct image_ops *ops = image_file_ops();
	uint8_t text[] = "\x3f\xa4\x0e\x8a\x98\x4d\x48\x15\x6a\x27\x17\x87\xab\x88\x83\xf9\x89\x3d\x51\xec\x4b\x56\x3b\x53";

	(void)state;
	assert_true(ops->decrypt(ops->user, "des-ecb", key, bytes_of(text, 24), text));
	assert_memory_equal(text, "Now is the time for all ", 24);
	assert_false(ops->decrypt(ops->user, "des-ecb", key, bytes_of(text, 23), text));
	assert_false(ops->decrypt(ops->user, "des-ecb", bytes_from(key, 1), bytes_of(text, 24), text));
	assert_false(ops->decrypt(ops->user, "aes-128-ecb", key, bytes_of(text, 24), text));
}

#define TEST(behaviour) cmocka_unit_test_setup_teardown(behaviour, setup, temp_bench_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_cannot_be_opened_says_why_and_what_to_do),
		TEST(a_file_that_may_not_be_read_says_so),
		TEST(an_open_image_gives_its_bytes_and_facts),
		TEST(a_change_underneath_is_noticed),
		TEST(openssl_computes_what_a_fit_asks_for_and_nothing_else),
		TEST(openssl_decrypts_single_des_in_whole_blocks_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
