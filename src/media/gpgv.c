#include "src/media/gpgv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "src/base/buffer.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/small_file.h"

enum {
	OUTPUT_MAX = 64 * 1024,
	TURN_MS = 200,			/* how often cancel is looked at */
	TURNS_MAX = 10 * 60 * 5,	/* ten minutes: hashing 4 GiB on a slow disk takes two */
	KEYRING_MAX = 16 * 1024 * 1024,
};

/* In a process group of its own: Ctrl-C is for us, and we end it. */
static int start(char *const *arguments, int output, pid_t *ret_pid)
{
	static char *const environment[] = { (char *)"LC_ALL=C", (char *)"PATH=/usr/bin:/bin:/usr/local/bin", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t usual;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	failed = posix_spawnp(ret_pid, arguments[0], &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

/* Until it closes its end. */
static enum status read_output(int input, struct buffer *to, const atomic_bool *cancel)
{
	struct pollfd waiting = { .fd = input, .events = POLLIN };
	uint8_t piece[4096];

	for (unsigned turn = 0; turn < TURNS_MAX;) {
		ssize_t count;

		if (atomic_load(cancel))
			return STATUS_CANCELLED;
		if (poll(&waiting, 1, TURN_MS) <= 0) {
			turn++;
			continue;
		}
		count = read(input, piece, sizeof(piece));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return STATUS_OK;
		if (buffer_append(to, bytes_of(piece, (size_t)count)) != STATUS_OK)
			return STATUS_PROTOCOL;
	}
	return STATUS_TIMEOUT;
}

static enum status run(char *const *arguments, struct buffer *output, const atomic_bool *cancel, int *ret_failed)
{
	AUTO_CLOSE int reading = -1;
	enum status status;
	int ends[2], state;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		*ret_failed = errno;
		return STATUS_IO;
	}
	reading = ends[0];
	*ret_failed = start(arguments, ends[1], &pid);
	close(ends[1]);
	if (*ret_failed != 0)
		return *ret_failed == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
	status = read_output(reading, output, cancel);
	if (status != STATUS_OK)
		kill(pid, SIGKILL);
	while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

/* ---- what it says: GnuPG's doc/DETAILS, "Format of the --status-fd output" ---- */

/* The rest of the first line "[GNUPG:] WORD rest"; false: there is none. At a line's start only: a signature may
 * bring text of its own. */
static bool find_line(const char *output, const char *word, char *to, size_t size)
{
	char start_of[48];

	text_format(start_of, sizeof(start_of), "[GNUPG:] %s ", word);
	for (const char *line = output; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (text_starts(line, start_of)) {
			line += strlen(start_of);
			text_printable(to, size, bytes_of(line, strcspn(line, "\r\n")));
			return true;
		}
	return false;
}

static void read_answer(const char *output, struct verify_finding *finding)
{
	static const struct {
		const char *word;
		enum verify_outcome outcome;
		const char *reason;
	} rows[] = {	/* in this order: of several signatures none may be bad, and one has to be good */
		{ "BADSIG", VERIFY_WRONG, "the signature is not of this file" },
		{ "GOODSIG", VERIFY_OK, "signed by a key of the keyring" },
		{ "REVKEYSIG", VERIFY_CANNOT_TELL, "the signature fits, but its key was revoked" },
		{ "EXPKEYSIG", VERIFY_CANNOT_TELL, "the signature fits, but its key has expired" },
		{ "EXPSIG", VERIFY_CANNOT_TELL, "the signature fits, but has expired" },
		{ "NO_PUBKEY", VERIFY_CANNOT_TELL, "it was signed with a key that is not in the keyring" },
		{ "ERRSIG", VERIFY_CANNOT_TELL,
		  "the signature cannot be checked: its algorithm or form is not accepted" },
	};
	char fingerprint[96];

	verify_finding_conclude(finding, VERIFY_CANNOT_TELL, "gpgv finds no signature in it");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (find_line(output, rows[i].word, finding->who, sizeof(finding->who))) {
			verify_finding_conclude(finding, rows[i].outcome, rows[i].reason);
			break;
		}
	/* GOODSIG alone is said before the key's use is judged */
	if (finding->outcome == VERIFY_OK && !find_line(output, "VALIDSIG", fingerprint, sizeof(fingerprint))) {
		verify_finding_conclude(finding, VERIFY_CANNOT_TELL, "gpgv does not call the signature valid");
	}
}

static bool is_armored(const char *keyring, bool *ret_is_armored, struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	size_t size;

	if (small_file_read(keyring, "keyring", KEYRING_MAX, &text, &size, reterr) != STATUS_OK)
		return false;
	*ret_is_armored = text_starts(text, "-----BEGIN PGP");
	return true;
}

enum status gpgv_check(const char *path, const char *signature, const char *keyring, struct verify_watch *watch,
		       struct verify_finding *finding, struct error *reterr)
{
	AUTO_FREE char *full = realpath(keyring, NULL); /* a name without a slash would be looked for in ~/.gnupg */
	char *arguments[] = {
		(char *)"gpgv",    (char *)"--status-fd", (char *)"1", (char *)"--keyring", full, (char *)"--",
		(char *)signature, (char *)path,          NULL
	};
	struct buffer output;
	bool armored;
	enum status status;
	int failed;

	if (!is_armored(keyring, &armored, reterr))
		return STATUS_INVALID;
	if (armored) {
		error_set(reterr, STATUS_INVALID, "gpgv does not read the keyring '%s': it is in ASCII armor", keyring);
		return error_hint(reterr, "Make it binary: gpg --dearmor <KEY.asc >KEY.gpg");
	}
	buffer_init(&output, OUTPUT_MAX);
	status = full != NULL ? run(arguments, &output, &watch->cancel, &failed) : STATUS_INVALID;
	if (status == STATUS_OK && buffer_append(&output, bytes_of("", 1)) == STATUS_OK)
		read_answer((const char *)output.data, finding);
	buffer_done(&output);
	switch (status) {
	case STATUS_OK:
		return STATUS_OK;
	case STATUS_NOT_FOUND:
		verify_finding_conclude(finding, VERIFY_CANNOT_TELL,
					"gpgv is not installed, which checks OpenPGP signatures (Debian: apt-get install gpgv)");
		return STATUS_OK;
	case STATUS_CANCELLED:
		return error_set(reterr, status, "checking '%s' was stopped", path);
	case STATUS_TIMEOUT:
		return error_set(reterr, status, "gpgv did not end within ten minutes");
	default:
		return error_set(reterr, status, "cannot run gpgv");
	}
}
