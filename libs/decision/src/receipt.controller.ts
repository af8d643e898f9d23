import { Controller, Get, Header, Headers, Param, ParseUUIDPipe, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Caller, notFound, type Principal, Requires } from '@lexecon/auth';
import type { Receipt } from '@lexecon/ledger/core';
import { ReceiptService } from './receipt.service.js';

const id = new ParseUUIDPipe({ exceptionFactory: () => notFound('decision') });

interface Reply {
  type(contentType: string): unknown;
}

@ApiTags('decisions')
@Controller('api/v1/decisions')
export class ReceiptController {
  constructor(private readonly receipts: ReceiptService) {}

  /** The receipt again, with its place in the log and the proof of it once the next sequencing round is over; with
   *  `Accept: text/plain` a C2SP tlog-proof file. */
  @Get(':id/receipt')
  @Requires('receipt:read')
  @Header('Vary', 'Accept')
  @ApiProduces('application/json', 'text/plain')
  @ApiOkResponse({ description: 'The receipt.', schema: { type: 'object', additionalProperties: true } })
  async receipt(
    @Caller() caller: Principal,
    @Param('id', id) decisionId: string,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Receipt | string> {
    if (accept?.startsWith('text/plain') !== true) return this.receipts.receipt(caller, decisionId);
    const file = await this.receipts.tlogProof(caller, decisionId);
    reply.type('text/plain; charset=utf-8');
    return file;
  }
}
