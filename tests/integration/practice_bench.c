#include "tests/integration/practice_bench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/practice/practice_device.h"

uint64_t practice_bench_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the device's process ---- */

static void run_child(const char *kind, const char *folder, const char *extra, int in, int out)
{
	char program[] = "practice-device", k[] = "--kind", f[] = "--folder", fast[] = "--fast", ttl[] = "--ttl",
	     seconds[] = "120";
	char kind_text[32], folder_text[64], extra_text[16];
	char *argv[] = { program,
			 k,
			 text_copy(kind_text, sizeof(kind_text), kind),
			 f,
			 text_copy(folder_text, sizeof(folder_text), folder),
			 fast,
			 ttl,
			 seconds,
			 text_copy(extra_text, sizeof(extra_text), extra != NULL ? extra : ""),
			 NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	_exit(practice_device_main(extra != NULL ? 9 : 8, argv));
}

void practice_bench_launch(struct practice_bench *device, const char *kind, const char *extra)
{
	int in[2], out[2];

	*device = (struct practice_bench){ .tty = -1, .text = calloc(1, TEXT_MAX) };
	assert_non_null(device->text);
	text_copy(device->folder, sizeof(device->folder), "/tmp/test_practice.XXXXXX");
	assert_non_null(mkdtemp(device->folder));
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	device->pid = fork();
	assert_true(device->pid >= 0);
	if (device->pid == 0)
		run_child(kind, device->folder, extra, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	device->stdin_pipe = in[1];
	device->announcement = out[0];
}

void practice_bench_await_ready(struct practice_bench *device)
{
	char text[1024] = "";
	size_t size = 0;
	ssize_t count;

	while (strstr(text, "ready=true\n") == NULL) {
		count = read(device->announcement, text + size, sizeof(text) - 1 - size);
		assert_true(count > 0);
		size += (size_t)count;
		text[size] = '\0';
	}
	assert_non_null(strstr(text, "pty=/dev/"));
	close(device->announcement);
	text_format(device->path, sizeof(device->path), "%s/tty", device->folder);
	device->tty = open(device->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(device->tty >= 0);
}

void practice_bench_start(struct practice_bench *device, const char *kind)
{
	practice_bench_launch(device, kind, NULL);
	practice_bench_await_ready(device);
}

void practice_bench_stop(struct practice_bench *device)
{
	static const char *const left[] = { "flash.bin", "firmware.bin" };
	int status;

	close(device->stdin_pipe);
	assert_int_equal(waitpid(device->pid, &status, 0), device->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(device->tty);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		text_format(device->path, sizeof(device->path), "%s/%s", device->folder, left[i]);
		assert_int_equal(unlink(device->path), 0);
	}
	assert_int_equal(rmdir(device->folder), 0);
	free(device->text);
}

const char *practice_bench_control(const struct practice_bench *device, const char *command)
{
	static char answer[2048];
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t size = 0;
	ssize_t count;

	text_format(at.sun_path, sizeof(at.sun_path), "%s/control", device->folder);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(write(fd, command, strlen(command)), (ssize_t)strlen(command));
	assert_int_equal(write(fd, "\n", 1), 1);
	while ((count = read(fd, answer + size, sizeof(answer) - 1 - size)) > 0)
		size += (size_t)count;
	answer[size] = '\0';
	close(fd);
	return answer;
}

void practice_bench_assert_state(const struct practice_bench *device, const char *line)
{
	const char *state = practice_bench_control(device, "state");

	if (strstr(state, line) == NULL)
		fail_msg("no '%s' in the state:\n%s", line, state);
}

/* ---- the TFTP server ---- */

static void serve_block(struct practice_server *server)
{
	uint8_t out[4 + 1468];
	size_t at = (size_t)(server->block - 1) * server->blksize;
	size_t size = at > server->size ? 0 : server->size - at < server->blksize ? server->size - at : server->blksize;

	store_be16(out, 3);
	store_be16(out + 2, (uint16_t)server->block);
	memcpy(out + 4, server->file + at, size);
	/* A lost block must cost a time-out and nothing else. */
	if (server->drop_every == 0 || ++server->seen % server->drop_every != 0)
		sendto(server->transfer, out, 4 + size, 0, (struct sockaddr *)&server->client, sizeof(server->client));
}

static void on_request(struct practice_server *server)
{
	uint8_t in[600] = { 0 };
	socklen_t length = sizeof(server->client);
	ssize_t size = recvfrom(server->fd, in, sizeof(in) - 1, MSG_DONTWAIT, (struct sockaddr *)&server->client,
				&length);
	char oack[64];
	int oack_size;

	if (size < 4)
		return;
	assert_int_equal(load_be16(in), 1);
	assert_non_null(memmem(in, (size_t)size, "\0blksize\0001468", 14));
	if (!text_equal((char *)in + 2, server->name)) {
		sendto(server->transfer, "\0\5\0\1File not found", 19, 0, (struct sockaddr *)&server->client, length);
		return;
	}
	server->blksize = 1468;
	server->block = 0;
	oack_size = snprintf(oack, sizeof(oack), "%c%cblksize%c1468%ctsize%c%zu", 0, 6, 0, 0, 0, server->size) + 1;
	sendto(server->transfer, oack, (size_t)oack_size, 0, (struct sockaddr *)&server->client, length);
}

static void on_ack(struct practice_server *server)
{
	uint8_t in[600];
	ssize_t size = recv(server->transfer, in, sizeof(in), MSG_DONTWAIT);

	if (size < 4 || load_be16(in) != 4 || (size_t)server->block * server->blksize > server->size + server->blksize)
		return;
	if (load_be16(in + 2) == (uint16_t)server->block && (size_t)server->block * server->blksize <= server->size)
		server->block++;
	serve_block(server);
}

static int bind_udp(unsigned *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

void practice_bench_serve(struct practice_server *server, struct practice_bench *device)
{
	char path[96];
	unsigned ignored;
	int fd;

	*server = (struct practice_server){ .name = "firmware.bin", .file = malloc(IMAGE_SIZE), .size = IMAGE_SIZE };
	server->fd = bind_udp(&server->port);
	server->transfer = bind_udp(&ignored);
	text_format(path, sizeof(path), "%s/firmware.bin", device->folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, server->file, IMAGE_SIZE), IMAGE_SIZE);
	close(fd);
	device->server = server;
}

void practice_bench_end_server(struct practice_server *server, struct practice_bench *device)
{
	device->server = NULL;
	close(server->fd);
	close(server->transfer);
	free(server->file);
}

/* ---- the line ---- */

void practice_bench_pump(struct practice_bench *device, int timeout_ms)
{
	struct practice_server *server = device->server;
	struct pollfd watch[] = {
		{ .fd = device->tty, .events = POLLIN }, { .fd = server != NULL ? server->fd : -1, .events = POLLIN },
		{ .fd = server != NULL ? server->transfer : -1, .events = POLLIN },
	};
	ssize_t count;

	poll(watch, ARRAY_SIZE(watch), timeout_ms);
	if (watch[1].revents != 0)
		on_request(server);
	if (watch[2].revents != 0)
		on_ack(server);
	count = read(device->tty, device->text + device->size, TEXT_MAX - 1 - device->size);
	if (count > 0)
		device->size += (size_t)count;
	assert_true(device->size < TEXT_MAX - 1);
	device->text[device->size] = '\0';
}

void practice_bench_forget(struct practice_bench *device)
{
	device->size = 0;
	device->text[0] = '\0';
}

void practice_bench_expect(struct practice_bench *device, const char *wanted)
{
	uint64_t end_ms = practice_bench_now_ms() + LONG_MS;

	while (strstr(device->text, wanted) == NULL) {
		if (practice_bench_now_ms() > end_ms)
			fail_msg("'%s' never came; the line said:\n%s", wanted, device->text);
		practice_bench_pump(device, 50);
	}
}

void practice_bench_type(struct practice_bench *device, const char *keys)
{
	assert_int_equal(write(device->tty, keys, strlen(keys)), (ssize_t)strlen(keys));
}

void practice_bench_command(struct practice_bench *device, const char *line, const char *wanted, const char *prompt)
{
	char text[800];

	practice_bench_forget(device);
	practice_bench_type(device, text_format(text, sizeof(text), "%s\r", line));
	practice_bench_expect(device, "\r\n");
	practice_bench_expect(device, wanted);
	if (prompt != NULL)
		practice_bench_expect(device, prompt);
}


void practice_bench_stop_autoboot(struct practice_bench *device)
{
	practice_bench_expect(device, "U-Boot 2022.04-practice");
	for (uint64_t end_ms = practice_bench_now_ms() + LONG_MS; strstr(device->text, "PCAM # ") == NULL && practice_bench_now_ms() < end_ms;
	     practice_bench_pump(device, 20))
		practice_bench_type(device, " ");
	practice_bench_command(device, "\x03", "<INTERRUPT>", LOADER);
}

void practice_bench_set_server(struct practice_bench *device, const struct practice_server *server)
{
	char line[64];

	practice_bench_command(device, "setenv ipaddr 127.0.0.1; setenv serverip 127.0.0.1", LOADER, NULL);
	practice_bench_command(device, text_format(line, sizeof(line), "setenv tftpdstp %u", server->port), LOADER, NULL);
}

void practice_bench_log_in(struct practice_bench *device)
{
	practice_bench_forget(device);
	practice_bench_type(device, "root\r");
	practice_bench_expect(device, "Password: ");
	practice_bench_type(device, "practice\r");
	practice_bench_expect(device, "\r\n# ");
	assert_null(strstr(device->text, "practice"));
}
