libcore_a_SOURCES += src/core/app.c src/core/app_cases.c src/core/app_consoles.c src/core/app.h src/core/app_internal.h src/core/console.c src/core/console.h src/core/snapshot.h \
	src/core/live_case.c src/core/live_case.h src/core/guide.c src/core/guide_identify.c src/core/guide_plan.c \
	src/core/download.c src/core/download.h src/core/step.c src/core/step.h src/core/step_kinds.c src/core/step_operator.c src/core/step_serial.c src/core/step_loader.c \
	src/core/step_check.c src/core/step_network.c src/core/step_space.c \
	src/core/tftp_service.c src/core/tftp_service.h src/core/practice_process.c src/core/practice_process.h
