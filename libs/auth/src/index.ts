export { AuthModule } from './auth.module.js';
export { isRole, type Permission, permissions, permissionsOf, type Role, roles } from './permissions.js';
export { Authenticator, type IncomingRequest, type Origin, type Principal } from './principal.js';
export { type FieldProblem, notFound, type Problem, ProblemError, unprocessable } from './problem.js';
export { type PersonalDataRead, READS, Reads, ReadsPersonalData } from './reads.js';
export { ACCESS, type Access, Caller, FRESH, Incoming, Public, Requires } from './route.js';
