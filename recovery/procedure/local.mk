librecovery_a_SOURCES += recovery/procedure/runner.c recovery/procedure/runner.h recovery/procedure/plan.c recovery/procedure/plan.h \
	recovery/procedure/pattern.c recovery/procedure/pattern.h recovery/procedure/free_space.c recovery/procedure/free_space.h
