/* The practice camera as the program sees it: a process behind a pty, a control socket, and UDP. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"
#include "src/practice/practice_device.h"

enum { TEXT_MAX = 256 << 10, IMAGE_SIZE = 5 << 20, LONG_MS = 60000 };

struct device {
	pid_t pid;
	int tty, stdin_pipe, announcement;
	char folder[64], path[96];
	char *text;		/* all that the line said since the last forget() */
	size_t size;
	struct server *server;
};

/* One file, one client, lockstep; grants blksize and tsize. */
struct server {
	int fd, transfer;
	unsigned port, drop_every, seen;
	const char *name;
	uint8_t *file;
	size_t size;
	struct sockaddr_in client;
	unsigned block;
	size_t blksize;
};

static uint64_t now_ms(void)
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

static void launch(struct device *device, const char *kind, const char *extra)
{
	int in[2], out[2];

	*device = (struct device){ .tty = -1, .text = calloc(1, TEXT_MAX) };
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

static void await_ready(struct device *device)
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

static void start(struct device *device, const char *kind)
{
	launch(device, kind, NULL);
	await_ready(device);
}

/* Closing standard input must be enough to end it; nothing of the line may stay. */
static void stop(struct device *device)
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

static const char *control(const struct device *device, const char *command)
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

static void assert_state(const struct device *device, const char *line)
{
	const char *state = control(device, "state");

	if (strstr(state, line) == NULL)
		fail_msg("no '%s' in the state:\n%s", line, state);
}

/* ---- the TFTP server ---- */

static void serve_block(struct server *server)
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

static void on_request(struct server *server)
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

static void on_ack(struct server *server)
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

static void serve(struct server *server, struct device *device)
{
	char path[96];
	unsigned ignored;
	int fd;

	*server = (struct server){ .name = "firmware.bin", .file = malloc(IMAGE_SIZE), .size = IMAGE_SIZE };
	server->fd = bind_udp(&server->port);
	server->transfer = bind_udp(&ignored);
	text_format(path, sizeof(path), "%s/firmware.bin", device->folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, server->file, IMAGE_SIZE), IMAGE_SIZE);
	close(fd);
	device->server = server;
}

static void end_server(struct server *server, struct device *device)
{
	device->server = NULL;
	close(server->fd);
	close(server->transfer);
	free(server->file);
}

/* ---- the line ---- */

static void pump(struct device *device, int timeout_ms)
{
	struct server *server = device->server;
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

static void forget(struct device *device)
{
	device->size = 0;
	device->text[0] = '\0';
}

static void expect(struct device *device, const char *wanted)
{
	uint64_t end_ms = now_ms() + LONG_MS;

	while (strstr(device->text, wanted) == NULL) {
		if (now_ms() > end_ms)
			fail_msg("'%s' never came; the line said:\n%s", wanted, device->text);
		pump(device, 50);
	}
}

static void type(struct device *device, const char *keys)
{
	assert_int_equal(write(device->tty, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Sends a line and waits for what must come; the prompt after it is awaited as well, unless prompt is NULL. */
static void command(struct device *device, const char *line, const char *wanted, const char *prompt)
{
	char text[800];

	forget(device);
	type(device, text_format(text, sizeof(text), "%s\r", line));
	expect(device, "\r\n");
	expect(device, wanted);
	if (prompt != NULL)
		expect(device, prompt);
}

#define LOADER "\r\nPCAM # "

static void stop_autoboot(struct device *device)
{
	expect(device, "U-Boot 2022.04-practice");
	for (uint64_t end_ms = now_ms() + LONG_MS; strstr(device->text, "PCAM # ") == NULL && now_ms() < end_ms;
	     pump(device, 20))
		type(device, " ");
	command(device, "\x03", "<INTERRUPT>", LOADER);
}

static void set_server(struct device *device, const struct server *server)
{
	char line[64];

	command(device, "setenv ipaddr 127.0.0.1; setenv serverip 127.0.0.1", LOADER, NULL);
	command(device, text_format(line, sizeof(line), "setenv tftpdstp %u", server->port), LOADER, NULL);
}

static void log_in(struct device *device)
{
	forget(device);
	type(device, "root\r");
	expect(device, "Password: ");
	type(device, "practice\r");
	expect(device, "\r\n# ");
	assert_null(strstr(device->text, "practice"));
}

/* ---- tests ---- */

static void a_good_camera_starts_by_itself_and_lets_root_in(void **state)
{
	struct device device;

	(void)state;
	start(&device, "none");
	expect(&device, "pcam1 firmware 1.3.0 ready");
	expect(&device, "pcam1 login: ");
	assert_state(&device, "healthy=true");
	log_in(&device);
	command(&device, "cat /proc/mtd", "mtd4: 002b0000 00010000 \"data\"", "\r\n# ");
	command(&device, "ls /data/config && uname -a", "camera.conf\r\nnetwork.conf\r\nLinux pcam1 ", "\r\n# ");
	command(&device, "cat /etc/version", "pcam1 firmware 1.3.0", "\r\n# ");
	command(&device, "nonsense || echo no $?", "-sh: nonsense: not found\r\nno 127", "\r\n# ");
	command(&device, "reboot", "U-Boot 2022.04", NULL);
	expect(&device, "pcam1 login: ");
	assert_state(&device, "starts=2");
	assert_state(&device, "healthy=true");
	stop(&device);
}

static void a_damaged_camera_is_recovered_over_tftp(void **state)
{
	struct device device;
	struct server server;
	char crc[96];

	(void)state;
	start(&device, "checksum");
	serve(&server, &device);
	stop_autoboot(&device);
	set_server(&device, &server);
	command(&device, "tftpboot 0x42000000 firmware.bin", "Bytes transferred = 5242880 (500000 hex)", LOADER);
	assert_non_null(
		strstr(device.text,
		       "Using practice-eth device\r\nTFTP from server 127.0.0.1; our IP address is 127.0.0.1\r\n"));
	assert_non_null(strstr(device.text, "Loading: ##"));
	text_format(crc, sizeof(crc), "crc32 for 42000000 ... 424fffff ==> %08x",
		    crc32_update(0, bytes_of(server.file, server.size)));
	command(&device, "crc32 42000000 ${filesize}", crc, LOADER);
	command(&device, "iminfo 42000000", "Verifying Checksum ... OK", LOADER);
	command(&device, "sf read 43000000 50000 1000", "No SPI flash selected. Please run `sf probe'", LOADER);
	command(&device, "sf probe 0", "SF: Detected w25q64 with page size 256 Bytes, erase size 64 KiB, total 8 MiB",
		LOADER);
	command(&device, "sf erase 50000 500001", "not multiple of erase size", LOADER);
	command(&device, "sf erase 50000 +4fff00", "SF: 5242880 bytes @ 0x50000 Erased: OK", LOADER);
	assert_state(&device, "kernel=bad");
	command(&device, "sf write 42000000 50000 500000", "SF: 5242880 bytes @ 0x50000 Written: OK", LOADER);
	command(&device, "sf read 43000000 50000 500000", "SF: 5242880 bytes @ 0x50000 Read: OK", LOADER);
	command(&device, "cmp.b 42000000 43000000 500000", "Total of 5242880 byte(s) were the same", LOADER);
	command(&device, "mw.b 43000000 5a; cmp.b 42000000 43000000 10",
		"byte at 0x42000000 (0x27) != byte at 0x43000000 (0x5a)", LOADER);
	assert_state(&device, "flash=good");
	assert_state(&device, "healthy=false");
	command(&device, "reset", "pcam1 login: ", NULL);
	assert_state(&device, "healthy=true");
	end_server(&server, &device);
	stop(&device);
}

static void writing_without_erasing_spoils_the_flash(void **state)	/* NOR only clears bits */
{
	struct device device;

	(void)state;
	start(&device, "none");
	stop_autoboot(&device);
	command(&device, "sf probe; mw.b 42000000 0 100; sf write 42000000 50100 100", "Written: OK", LOADER);
	command(&device, "mw.b 42000000 ff 100; sf write 42000000 50100 100", "Written: OK", LOADER);
	command(&device, "sf read 42000000 50100 10; md.b 42000000 10", "42000000: 00 00 00 00", LOADER);
	assert_state(&device, "kernel=bad");
	command(&device, "sf read 42000000 7ffff0 20", "ERROR: attempting read past flash size (0x800000)", LOADER);
	stop(&device);
}

static void network_faults_are_told_apart(void **state)
{
	struct device device;
	struct server server;

	(void)state;
	start(&device, "checksum");
	serve(&server, &device);
	stop_autoboot(&device);
	set_server(&device, &server);
	command(&device, "tftpboot 42000000 other.bin", "TFTP error: 'File not found' (1)\r\nNot retrying...", LOADER);
	server.drop_every = 1500;
	command(&device, "tftp 127.0.0.1:firmware.bin", "Bytes transferred = 5242880", LOADER);
	assert_non_null(strstr(device.text, "T "));
	command(&device, "iminfo", "Verifying Checksum ... OK", LOADER);
	control(&device, "link off");
	command(&device, "tftpboot firmware.bin", "TIMEOUT !", LOADER);
	control(&device, "link on");
	command(&device, "setenv tftpdstp 1; tftpboot firmware.bin || echo it failed",
		"Retry count exceeded; starting again\r\nit failed", LOADER);
	command(&device, "setenv serverip 192.0.2.1; tftpboot firmware.bin", "ARP Retry count exceeded; starting again",
		LOADER);
	command(&device, "ping 127.0.0.1", "host 127.0.0.1 is alive", LOADER);
	end_server(&server, &device);
	stop(&device);
}

static void the_prompt_behaves_as_u_boots(void **state)
{
	struct device device;
	char line[700];

	(void)state;
	start(&device, "none");
	stop_autoboot(&device);
	command(&device, "foo", "Unknown command 'foo' - try 'help'", LOADER);
	command(&device, "help", "tftpboot  - boot image via network using TFTP protocol", LOADER);
	command(&device, "ecXX\x7f\x7fho a\x15" "echo 'b; c' \"$model\" d\\;", "b; c pcam1 d;", LOADER);
	command(&device, "false && echo one || echo two; true && echo three", "\ntwo\r\nthree", LOADER);
	command(&device, "echo ${nothing}x", "\r\nx", LOADER);
	forget(&device);
	type(&device, "\r");	/* repeats */
	expect(&device, "\r\nx\r\nPCAM # ");
	command(&device, "md.b 42000000 10", "42000000: ", LOADER);
	forget(&device);
	type(&device, "\r");
	expect(&device, "42000010: ");
	expect(&device, LOADER);
	command(&device, "setenv a 'echo deep; run a'; run a", "too many levels of run", LOADER);
	command(&device, "setenv a; printenv a", "## Error: \"a\" not defined", LOADER);
	command(&device, "sleep 100; echo never\x03", "sleep", NULL);
	expect(&device, LOADER);
	assert_null(strstr(device.text, "\r\nnever"));
	memset(line, 'x', sizeof(line));
	text_format(line + 600, 8, "\x15");
	command(&device, line, "\a", NULL);	/* 512 bytes are the limit */
	expect(&device, LOADER);
	command(&device, "echo 'open", "a quote is not closed", LOADER);
	command(&device, "md.b 50000000 10", "data abort", NULL);	/* outside RAM: the board starts again */
	expect(&device, "U-Boot 2022.04-practice");
	stop(&device);
}

static void a_lost_environment_is_set_and_saved_again(void **state)
{
	struct device device;

	(void)state;
	start(&device, "bad-env");
	expect(&device, "*** Warning - bad CRC, using default environment");
	expect(&device, "BOOTP broadcast 1");
	expect(&device, "PCAM # ");
	command(&device, "printenv bootcmd", "bootcmd=dhcp", LOADER);
	command(&device, "setenv bootcmd 'sf probe 0; sf read 0x42000000 0x50000 0x200000; bootm 0x42000000'", LOADER,
		NULL);
	command(&device, "saveenv",
		"Saving Environment to SPIFlash... Erasing SPI flash...Writing to SPI flash...done\r\nOK", LOADER);
	control(&device, "power cycle");
	forget(&device);
	expect(&device, "Loading Environment from SPIFlash... OK");
	expect(&device, "pcam1 login: ");
	assert_state(&device, "healthy=true");
	stop(&device);
}

static void a_full_data_partition_is_emptied_in_the_shell(void **state)
{
	struct device device;

	(void)state;
	start(&device, "space");
	expect(&device, "No space left on device");
	expect(&device, "pcam1 login: ");
	assert_state(&device, "healthy=false");
	log_in(&device);
	command(&device, "df", "100% /data", "\r\n# ");
	command(&device, "rm /etc/version", "Read-only file system", "\r\n# ");
	command(&device, "rm /data/log/events.log.[0-9] /data/clips/* && sync", "\r\n# ", NULL);
	command(&device, "ls /data", "config\r\nlog\r\n# ", NULL);
	assert_state(&device, "healthy=false");
	command(&device, "reboot", "pcam1 login: ", NULL);
	assert_null(strstr(device.text, "No space left"));
	assert_state(&device, "config=kept");
	assert_state(&device, "healthy=true");
	stop(&device);
}

static void an_interrupted_update_is_tried_again_when_left_alone(void **state)
{
	struct device device;

	(void)state;
	start(&device, "power-retry");
	expect(&device, "Bad Data CRC");
	expect(&device, "the last update was interrupted");
	expect(&device, "bytes written");
	expect(&device, "pcam1 login: ");
	assert_state(&device, "healthy=true");
	stop(&device);
}

static void a_held_button_makes_the_loader_fetch_the_rescue_file(void **state)
{
	struct device device;
	struct server server;

	(void)state;
	start(&device, "power");
	serve(&server, &device);
	stop_autoboot(&device);
	set_server(&device, &server);
	command(&device, "saveenv", "OK", LOADER);
	server.name = "pcam1-recovery.bin";
	control(&device, "power off");
	control(&device, "button hold");
	control(&device, "power on");
	expect(&device, "Reset button is held: rescue mode");
	control(&device, "button release");
	expect(&device, "pcam1 login: ");
	assert_state(&device, "healthy=true");
	end_server(&server, &device);
	stop(&device);
}

static void a_worn_block_reads_again_once_it_is_rewritten(void **state)
{
	struct device device;

	(void)state;
	start(&device, "wear");
	stop_autoboot(&device);
	command(&device, "sf probe; sf read 42000000 250000 300000", "SF: 3145728 bytes @ 0x250000 Read: ERROR -5",
		LOADER);
	command(&device, "sf erase 250000 300000; sf read 42000000 250000 300000", "@ 0x250000 Read: OK", LOADER);
	assert_state(&device, "wear=none");
	stop(&device);
}

/* What each kind must say before the labels can be told apart; all at once, since each is mostly waiting. */
static void every_kind_gives_its_own_decisive_message(void **state)
{
	static const struct { const char *kind, *label, *text; } sample[] = {
		{ "none", "HEALTHY", "pcam1 login: " },
		{ "checksum", "CHECKSUM", "Verifying Checksum ... Bad Data CRC" },
		{ "truncated", "CHECKSUM", "Verifying Checksum ... Bad Data CRC" },
		{ "power", "POWER", "Verifying Checksum ... Bad Data CRC" },
		{ "power-retry", "POWER", "the last update was interrupted" },
		{ "wrong-hardware", "WRONG-HARDWARE", "Unsupported Architecture 0x16" },
		{ "bad-env", "BAD-ENV", "bad CRC, using default environment" },
		{ "rootfs", "NO-ROOTFS", "VFS: Unable to mount root fs" },
		{ "space", "SPACE", "No space left on device" },
		{ "loop", "CHECKSUM", "ERROR: can't get kernel image!\r\nresetting ..." },
		{ "wear", "FLASH-WEAR", "error -74 (ECC error)" },
		{ "bootloader-gone", "BOOTLOADER-GONE", "SPI NOR: no valid boot image" },
		{ "signature", "SIGNATURE", "Failed to verify required signature" },
	};
	struct device device[ARRAY_SIZE(sample)];
	size_t missing = ARRAY_SIZE(sample);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++) {
		assert_string_equal(practice_kind_name(i), sample[i].kind);
		assert_string_equal(practice_kind_label(i), sample[i].label);
		launch(&device[i], sample[i].kind, "--off");
	}
	assert_null(practice_kind_name(ARRAY_SIZE(sample)));
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++)
		await_ready(&device[i]);
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++)
		control(&device[i], "power on");
	for (uint64_t end_ms = now_ms() + LONG_MS; missing > 0 && now_ms() < end_ms; usleep(10000)) {
		missing = 0;
		for (size_t i = 0; i < ARRAY_SIZE(sample); i++) {
			pump(&device[i], 0);
			missing += strstr(device[i].text, sample[i].text) == NULL;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++) {
		expect(&device[i], sample[i].text);
		/* power-retry mends itself while the others are waited for */
		if (strcmp(sample[i].kind, "power-retry") != 0)
			assert_state(&device[i], strcmp(sample[i].kind, "none") == 0 ? "healthy=true" : "healthy=false");
		stop(&device[i]);
	}
}

static unsigned long cpu_ticks(pid_t pid)
{
	char path[64], line[512] = "";
	unsigned long user = 0, system = 0;
	FILE *file = fopen(text_format(path, sizeof(path), "/proc/%d/stat", (int)pid), "re");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_int_equal(
		sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
		2);
	return user + system;
}

static void what_nobody_reads_is_lost_and_waiting_costs_nothing(void **state)
{
	struct device device;
	unsigned long ticks;
	int unread = 0;

	(void)state;
	start(&device, "rootfs");
	for (uint64_t end_ms = now_ms() + 500; unread == 0 && now_ms() < end_ms; usleep(20000))
		assert_int_equal(ioctl(device.tty, FIONREAD, &unread), 0);
	assert_true(unread > 0);
	for (uint64_t end_ms = now_ms() + LONG_MS;
	     strstr(control(&device, "state"), "phase=stopped") == NULL && now_ms() < end_ms;)
		usleep(50000);
	for (uint64_t end_ms = now_ms() + LONG_MS; unread > 0 && now_ms() < end_ms; usleep(20000))
		assert_int_equal(ioctl(device.tty, FIONREAD, &unread), 0);
	assert_int_equal(unread, 0);
	assert_state(&device, "phase=stopped");
	usleep(300000);
	ticks = cpu_ticks(device.pid);
	usleep(300000);
	assert_true(cpu_ticks(device.pid) - ticks <= 3);
	control(&device, "power off");
	control(&device, "power on");
	expect(&device, "Kernel panic");
	stop(&device);
}

static void a_wrong_speed_and_noise_spoil_the_text(void **state)
{
	struct device device;
	struct termios settings;

	(void)state;
	launch(&device, "rootfs", "--off");
	await_ready(&device);
	assert_int_equal(tcgetattr(device.tty, &settings), 0);
	assert_true(cfgetospeed(&settings) == B115200);
	cfsetspeed(&settings, B9600);
	assert_int_equal(tcsetattr(device.tty, TCSANOW, &settings), 0);
	control(&device, "power on");
	for (uint64_t end_ms = now_ms() + 700; now_ms() < end_ms;)
		pump(&device, 50);
	assert_true(device.size > 20);	/* a slow UART sees one character where twelve are sent */
	assert_null(memmem(device.text, device.size, "U-Boot", 6));
	forget(&device);
	cfsetspeed(&settings, B115200);
	assert_int_equal(tcsetattr(device.tty, TCSANOW, &settings), 0);
	control(&device, "noise on");
	assert_state(&device, "noise=on");
	control(&device, "noise off");
	control(&device, "power cycle");
	expect(&device, "Kernel panic");
	assert_non_null(strstr(control(&device, "make coffee"), "error="));
	stop(&device);
}

static void rubbish_from_outside_does_not_end_it(void **state)
{
	static const char *const starts[] = { "sf ", "md.b ",	 "setenv ",	    "run ", "tftpboot ", "\"",
					      "${",  "cmp.b 0 ", "crc32 42000000 ", "" };
	struct device device;
	uint32_t random = 7;

	(void)state;
	start(&device, "none");
	stop_autoboot(&device);
	for (int i = 0; i < 400; i++) {
		char keys[24];

		for (size_t k = 0; k < sizeof(keys) - 1; k++) {
			random = random * 1664525 + 1013904223;
			keys[k] = (char)(random >> 24 ? random >> 24 : 1);
		}
		keys[sizeof(keys) - 1] = '\0';
		type(&device, starts[i % (int)ARRAY_SIZE(starts)]);
		type(&device, keys);
		type(&device, "\r\x03");
		forget(&device);
		pump(&device, 2);
	}
	control(&device, "power off");
	while (device.size > 0) {
		forget(&device);
		pump(&device, 100);
	}
	control(&device, "power on");
	stop_autoboot(&device);
	stop(&device);
}

static void wrong_options_are_refused(void **state)
{
	char program[] = "practice-device", kind[] = "--kind", none[] = "none", odd[] = "odd", folder[] = "--folder",
	     nowhere[] = "/tmp/unused";
	char ttl[] = "--ttl", word[] = "soon";
	char *missing[] = { program, kind, none, NULL }, *unknown[] = { program, kind, odd, folder, nowhere, NULL };
	char *bad_number[] = { program, kind, none, folder, nowhere, ttl, word, NULL };

	(void)state;
	assert_int_equal(practice_device_main(3, missing), 2);
	assert_int_equal(practice_device_main(5, unknown), 2);
	assert_int_equal(practice_device_main(7, bad_number), 2);
}

/* The tests wait far more than they work, so they run beside each other: group_number is the remainder of the test's
 * place. */
enum { GROUPS = 5 };

static int run_group(size_t group_number)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(network_faults_are_told_apart),
		cmocka_unit_test(a_damaged_camera_is_recovered_over_tftp),
		cmocka_unit_test(an_interrupted_update_is_tried_again_when_left_alone),
		cmocka_unit_test(what_nobody_reads_is_lost_and_waiting_costs_nothing),
		cmocka_unit_test(every_kind_gives_its_own_decisive_message),
		cmocka_unit_test(wrong_options_are_refused),
		cmocka_unit_test(a_good_camera_starts_by_itself_and_lets_root_in),
		cmocka_unit_test(a_held_button_makes_the_loader_fetch_the_rescue_file),
		cmocka_unit_test(a_wrong_speed_and_noise_spoil_the_text),
		cmocka_unit_test(a_lost_environment_is_set_and_saved_again),
		cmocka_unit_test(the_prompt_behaves_as_u_boots),
		cmocka_unit_test(a_full_data_partition_is_emptied_in_the_shell),
		cmocka_unit_test(writing_without_erasing_spoils_the_flash),
		cmocka_unit_test(rubbish_from_outside_does_not_end_it),
		cmocka_unit_test(a_worn_block_reads_again_once_it_is_rewritten),
	};
	int failed = 0;

	for (size_t i = group_number; i < ARRAY_SIZE(tests); i += GROUPS) {
		const struct CMUnitTest one[] = { tests[i] };

		failed += cmocka_run_group_tests(one, NULL, NULL) != 0;
	}
	return failed;
}

int main(void)
{
	int failed = 0, status;

	if (access("/dev/ptmx", R_OK | W_OK) != 0) {
		fprintf(stderr, "skipped: no pty can be made here: %s\n", strerror(errno));
		return 77;
	}
	for (size_t i = 0; i < GROUPS; i++) {
		pid_t child = fork();

		if (child == 0)
			return run_group(i);
		failed += child < 0;
	}
	while (wait(&status) > 0)
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	return failed != 0;
}
