/* Power, UART and the way from the boot ROM to the loader. */
#include "src/practice/camera.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "src/base/text.h"

enum { SAY_MAX = 2048, TX_FIFO = 64 };

uint64_t camera_scale_us(const struct camera *cam, uint64_t us)
{
	return cam->fast ? us / 10 : us;
}

/* A UART's sender waits only while its FIFO is full. */
static void wait_for_fifo(struct camera *cam, size_t most)
{
	while (cam->halt == CAMERA_RUNS && cam->tx_size > most)
		bench_pump(cam->bench, UINT64_MAX, -1);
}

void say_bytes(struct camera *cam, struct bytes text)
{
	while (text.size > 0 && cam->halt == CAMERA_RUNS) {
		size_t count = CAMERA_TX_MAX - cam->tx_size;

		if (count > text.size)
			count = text.size;
		memcpy(cam->tx + cam->tx_size, text.data, count);
		cam->tx_size += count;
		text = bytes_from(text, count);
		wait_for_fifo(cam, TX_FIFO);
	}
}

void say(struct camera *cam, const char *format, ...)
{
	char plain[SAY_MAX], wire[SAY_MAX * 2];
	size_t size = 0;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(plain, sizeof(plain), format, arguments);
	va_end(arguments);
	for (const char *at = plain; *at != '\0'; at++) {
		if (*at == '\n')
			wire[size++] = '\r';
		wire[size++] = *at;
	}
	say_bytes(cam, bytes_of(wire, size));
}

bool camera_wait(struct camera *cam, unsigned ms)
{
	uint64_t until_us = ms == UINT_MAX ? UINT64_MAX : bench_now_us() + camera_scale_us(cam, (uint64_t)ms * 1000);

	while (cam->halt == CAMERA_RUNS && bench_now_us() < until_us)
		bench_pump(cam->bench, until_us, -1);
	return cam->halt == CAMERA_RUNS;
}

int camera_key(struct camera *cam)
{
	int key;

	if (cam->rx_size == 0)
		return -1;
	key = cam->rx[0];
	memmove(cam->rx, cam->rx + 1, --cam->rx_size);
	return key;
}

int camera_wait_key(struct camera *cam)
{
	while (cam->halt == CAMERA_RUNS && cam->rx_size == 0)
		bench_pump(cam->bench, UINT64_MAX, -1);
	return cam->halt == CAMERA_RUNS ? camera_key(cam) : -1;
}

/* As U-Boot's ctrlc(): looking for Ctrl-C eats whatever else was typed. */
bool camera_wait_or_interrupt(struct camera *cam, unsigned ms, int fd)
{
	uint64_t until_us = bench_now_us() + camera_scale_us(cam, (uint64_t)ms * 1000);

	do {
		int key;

		while ((key = camera_key(cam)) >= 0)
			cam->was_interrupted |= key == 0x03;
		if (cam->halt != CAMERA_RUNS || cam->was_interrupted)
			return false;
		if (ms > 0)
			bench_pump(cam->bench, until_us, fd);
	} while (fd < 0 && bench_now_us() < until_us);
	return cam->halt == CAMERA_RUNS;
}

void camera_reset(struct camera *cam)
{
	wait_for_fifo(cam, 0);
	if (cam->halt == CAMERA_RUNS)
		cam->halt = CAMERA_RESET;
}

const char *camera_phase_name(const struct camera *cam)
{
	static const char *const names[] = {
		[PHASE_OFF] = "off", [PHASE_ROM] = "rom", [PHASE_LOADER] = "loader", [PHASE_PROMPT] = "prompt",
		[PHASE_KERNEL] = "kernel", [PHASE_LOGIN] = "login", [PHASE_SHELL] = "shell",
		[PHASE_STOPPED] = "stopped",
	};

	return names[cam->phase];
}

/* ---- the start ---- */

static void load_environment(struct camera *cam)
{
	say(cam, "Loading Environment from SPIFlash... ");
	if (env_load(&cam->env, cam->flash.data + ENV_OFFSET)) {
		say(cam, "OK\n");
		return;
	}
	say(cam, "*** Warning - bad CRC, using default environment\n\n");
	env_defaults(&cam->env);
}

static void say_banner(struct camera *cam)
{
	say(cam, "\n\nU-Boot 2022.04-practice (Nov 14 2023 - 22:13:20 +0000)\n\n");
	say(cam, "CPU:   PCAM1 practice SoC\nModel: PCAM-1 practice camera\nDRAM:  ");
	camera_wait(cam, 150);
	say(cam, "64 MiB\n");
	camera_wait(cam, 60);
	say(cam, "SF: Detected w25q64 with page size 256 Bytes, erase size 64 KiB, total 8 MiB\n");
	load_environment(cam);
	say(cam, "In:    serial\nOut:   serial\nErr:   serial\nNet:   ");
	camera_wait(cam, 80);
	say(cam, "eth0: practice-eth\n");
}

/* True when a key came. A key that is in the FIFO already counts, also with a delay of 0. */
static bool count_down(struct camera *cam, long seconds)
{
	bool has_key = false;

	say(cam, "Hit any key to stop autoboot: %2ld ", seconds);
	while (cam->halt == CAMERA_RUNS && !(has_key = camera_key(cam) >= 0) && seconds > 0) {
		uint64_t until_us = bench_now_us() + camera_scale_us(cam, 1000000);

		while (cam->halt == CAMERA_RUNS && cam->rx_size == 0 && bench_now_us() < until_us)
			bench_pump(cam->bench, until_us, -1);
		if (cam->rx_size == 0)
			say(cam, "\b\b\b%2ld ", --seconds);
	}
	say(cam, has_key && seconds > 0 ? "\b\b\b 0 \n" : "\n");
	return has_key;
}

static bool autoboot_is_stopped(struct camera *cam)
{
	const char *delay_text = env_get(&cam->env, "bootdelay");
	long delay = delay_text == NULL ? 2 : strtol(delay_text, NULL, 10);

	if (delay == -2)
		return false;
	return delay < 0 || count_down(cam, delay > 60 ? 60 : delay);
}

/* The maker's rescue: with the button held at power-on the loader fetches an image and writes it. */
static void rescue_by_button(struct camera *cam)
{
	static const char steps[] = "sf probe 0 && tftpboot 42000000 pcam1-recovery.bin && iminfo 42000000 && "
				    "sf update 42000000 50000 ${filesize} && reset";

	if (!cam->button || !camera_wait(cam, 2000) || !cam->button)
		return;
	say(cam, "Reset button is held: rescue mode\n");
	for (int i = 0; i < 5 && cam->halt == CAMERA_RUNS; i++) {
		loader_run(cam, steps);
		cam->was_interrupted = false;
		camera_wait(cam, 1000);
	}
	say(cam, "Rescue mode: no usable image came\n");
}

static void run_loader(struct camera *cam)
{
	cam->phase = PHASE_LOADER;
	cam->flash_probed = false;
	cam->run_depth = 0;
	say_banner(cam);
	rescue_by_button(cam);
	if (cam->halt == CAMERA_RUNS && autoboot_is_stopped(cam)) {
		cam->was_touched = true;
	} else if (cam->halt == CAMERA_RUNS) {
		const char *command = env_get(&cam->env, "bootcmd");

		if (command != NULL)
			loader_run(cam, "run bootcmd");
	}
	loader_console(cam);
}

static void start(struct camera *cam)
{
	cam->starts++;
	cam->rx_size = 0;
	cam->rx_limit = LOADER_FIFO;
	cam->was_touched = cam->was_interrupted = cam->reached_login = cam->said_no_space = false;
	cam->phase = PHASE_ROM;
	camera_wait(cam, 100);
	if (!flash_has_loader(&cam->flash)) {
		say(cam, "PCAM1 boot ROM 1.0: SPI NOR: no valid boot image\n");
		return;
	}
	say(cam, "PCAM1 boot ROM 1.0: SPI NOR\n");
	camera_wait(cam, 120);
	run_loader(cam);
}

void camera_run(struct camera *cam)
{
	while (cam->halt != CAMERA_QUIT) {
		if (!cam->power) {
			cam->phase = PHASE_OFF;
			bench_pump(cam->bench, UINT64_MAX, -1);
			continue;
		}
		if (cam->halt == CAMERA_OFF)
			madvise(cam->ram, RAM_SIZE, MADV_DONTNEED);	/* reads as zeros again */
		cam->halt = CAMERA_RUNS;
		start(cam);
		/* What has come to its end without a reset stays dead until the plug is pulled. */
		camera_wait(cam, UINT_MAX);
	}
}
