/* src/practice/camera_shell.h
 *
 * The running camera's login and its small shell; returns when the camera is halted. */
#ifndef UNBRICK_PRACTICE_CAMERA_SHELL_H
#define UNBRICK_PRACTICE_CAMERA_SHELL_H

#include "src/practice/camera.h"

void shell_run(struct camera *cam);

#endif
