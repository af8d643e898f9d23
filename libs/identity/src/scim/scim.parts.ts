import { ScimDiscoveryController } from './scim-discovery.controller.js';
import { ScimGroupController } from './scim-group.controller.js';
import { ScimGroupService } from './scim-group.service.js';
import { ScimSync } from './scim-sync.service.js';
import { ScimUserController } from './scim-user.controller.js';
import { ScimUserService } from './scim-user.service.js';
import { ScimTask } from './scim.task.js';

/** What this subject brings to the room's module. */
export const scimParts = {
  controllers: [ScimUserController, ScimGroupController, ScimDiscoveryController],
  providers: [ScimSync, ScimUserService, ScimGroupService, ScimTask],
} as const;
