#include "src/core/practice_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { FIRST_LINES_MS = 5000, ANSWER_MS = 1000 };

extern char **environ;

struct practice_process {
	pid_t pid;
	int input;		/* its end of file tells the camera to go */
	char port[96], image[512], control[512];
	char failed[256], hint[256];	/* what it said when it could not start */
};

static void take_lines(struct practice_process *process, char *text)
{
	static const struct { const char *key; size_t offset, size; } table[] = {
		{ "pty=", offsetof(struct practice_process, port), sizeof(process->port) },
		{ "image=", offsetof(struct practice_process, image), sizeof(process->image) },
		{ "control=", offsetof(struct practice_process, control), sizeof(process->control) },
		{ "hint=", offsetof(struct practice_process, hint), sizeof(process->hint) },
		{ "failed=", offsetof(struct practice_process, failed), sizeof(process->failed) },
	};

	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		for (size_t i = 0; i < ARRAY_SIZE(table); i++)
			if (text_starts(line, table[i].key))
				text_copy((char *)process + table[i].offset, table[i].size, line + strlen(table[i].key));
}

static enum status read_first_lines(struct practice_process *process, int output, struct error *reterr)
{
	char text[2048] = "", copy[2048];
	size_t used = 0;

	while (process->control[0] == '\0') {
		struct pollfd wait = { .fd = output, .events = POLLIN };
		ssize_t count;

		if (poll(&wait, 1, FIRST_LINES_MS) <= 0 || (count = read(output, text + used, sizeof(text) - 1 - used)) <= 0)
			return error_set(reterr, STATUS_IO, "the practice camera did not start");
		used += (size_t)count;
		text[used] = '\0';
		text_copy(copy, sizeof(copy), text);
		/* Only whole lines: the last one may still be growing. */
		if (strrchr(copy, '\n'))
			*strrchr(copy, '\n') = '\0';
		take_lines(process, copy);
		if (process->failed[0]) {
			error_set(reterr, STATUS_IO, "the practice camera did not start: %s", process->failed);
			return error_hint(reterr, "%s", process->hint);
		}
	}
	return STATUS_OK;
}

static enum status spawn(struct practice_process *process, const char *program, const char *folder, const char *kind, int *ret_output, struct error *reterr)
{
	const char *const arguments[] = { program, "practice-device", "--kind", kind, "--folder", folder, NULL };
	posix_spawn_file_actions_t actions;
	int in[2], out[2], failure;

	if (pipe2(in, O_CLOEXEC) < 0)
		return error_set(reterr, STATUS_IO, "no pipe for the practice camera: %s", strerror(errno));
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return error_set(reterr, STATUS_IO, "no pipe for the practice camera: %s", strerror(errno));
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	failure = posix_spawn(&process->pid, program, &actions, NULL, (char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	process->input = in[1];
	*ret_output = out[0];
	if (failure != 0)
		return error_set(reterr, STATUS_IO, "cannot start '%s' as practice camera: %s", program, strerror(failure));
	return STATUS_OK;
}

enum status practice_process_start(const char *program, const char *folder, const char *kind, struct practice_process **ret_process, struct error *reterr)
{
	struct practice_process *process = calloc(1, sizeof(*process));
	AUTO_CLOSE int output = -1;
	enum status status;

	if (process == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the practice camera");
	process->input = -1;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
		free(process);
		return error_set(reterr, STATUS_IO, "cannot make '%s': %s", folder, strerror(errno));
	}
	status = spawn(process, program, folder, kind, &output, reterr);
	if (status == STATUS_OK)
		status = read_first_lines(process, output, reterr);
	if (status != STATUS_OK) {
		practice_process_stop(process);
		return status;
	}
	*ret_process = process;
	return STATUS_OK;
}

void practice_process_stop(struct practice_process *process)
{
	if (process == NULL)
		return;
	if (process->input >= 0)
		close(process->input);
	if (process->pid > 0) {
		kill(process->pid, SIGTERM);
		waitpid(process->pid, NULL, 0);
	}
	free(process);
}

const char *practice_process_port(const struct practice_process *process)
{
	return process->port;
}

const char *practice_process_image(const struct practice_process *process)
{
	return process->image;
}

enum status practice_process_tell(struct practice_process *process, const char *line, char *ret_answer, size_t size, struct error *reterr)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	char text[128];
	ssize_t count = 0;

	text_copy(to.sun_path, sizeof(to.sun_path), process->control);
	text_format(text, sizeof(text), "%s\n", line);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return error_set(reterr, STATUS_GONE, "the practice camera does not answer: %s", strerror(errno));
	if (poll(&wait, 1, ANSWER_MS) > 0)
		count = read(fd, ret_answer, size - 1);
	ret_answer[count > 0 ? count : 0] = '\0';
	return STATUS_OK;
}
