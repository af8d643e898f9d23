import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Caller, type Principal, Requires } from '@lexecon/auth';

/** Does nothing, behind everything that stands before every route: request id and trace, access log, body parser, guard. */
@ApiExcludeController()
@Controller('bench')
export class NoopController {
  @Post('noop')
  @HttpCode(200)
  @Requires('decision:make')
  noop(@Caller() caller: Principal, @Body() body: unknown): { readonly ok: boolean } {
    return { ok: caller.permissions.size > 0 && body !== null };
  }
}
