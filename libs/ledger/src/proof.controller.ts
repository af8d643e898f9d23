import { Controller, Get, Header, Headers, Query, Req, Res, StreamableFile } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { notFound, Requires, unprocessable } from '@lexecon/auth';
import { formatConsistency } from '@lexecon/crypto';
import { parseTilePath, type ParsedTilePath, TILE_WIDTH } from './core/tile-path.js';
import { entryBundle } from './core/tiles.js';
import { HeadReader } from './head.reader.js';
import { ConsistencyQuery, ConsistencyView, InclusionQuery, InclusionView, ShardQuery } from './ledger.dto.js';
import { type Proof, ProofService, tlogProofText } from './proof.service.js';
import { prefersText, type Reply, TEXT } from './reply.js';
import { TileStore } from './tile.store.js';

/** A request to a route that ends in `*`. */
interface TileRequest {
  readonly params: { readonly '*': string };
}

const oneOf = (view: typeof InclusionView | typeof ConsistencyView): MethodDecorator =>
  ApiOkResponse({
    content: {
      'application/json': { schema: { $ref: getSchemaPath(view) } },
      'text/plain': { schema: { type: 'string' } },
    },
  });

@ApiTags('ledger')
@ApiExtraModels(InclusionView, ConsistencyView)
@Controller('api/v1/ledger')
export class ProofController {
  constructor(
    private readonly heads: HeadReader,
    private readonly proofs: ProofService,
    private readonly tiles: TileStore,
  ) {}

  @Get('proofs/inclusion')
  @Requires('ledger:read')
  @ApiOperation({ summary: 'Proof that an entry is in the log; as text/plain a C2SP tlog-proof file' })
  @ApiProduces('application/json', 'text/plain')
  @oneOf(InclusionView)
  async inclusion(
    @Query() { index, size, shard }: InclusionQuery,
    @Res({ passthrough: true }) reply: Reply,
    @Headers('accept') accept?: string,
  ): Promise<InclusionView | string> {
    const head = await this.heads.newest(shard);
    const proof = await this.proofs.inclusion(head, index, size);
    const leaf = await this.tiles.leaves(head.logId, index, index + 1);
    const path = base64(proof);
    if (!prefersText(accept))
      return {
        shard: proof.shard,
        index,
        size: proof.size,
        leaf: leaf.toString('base64'),
        path,
        checkpoint: proof.checkpoint,
      };
    reply.header('Content-Type', TEXT);
    return tlogProofText(leaf, { index, path, checkpoint: published(proof, '/size') });
  }

  @Get('proofs/consistency')
  @Requires('ledger:read')
  @ApiOperation({ summary: 'Proof that the log only grew; as text/plain the body of the C2SP add-checkpoint request' })
  @ApiProduces('application/json', 'text/plain')
  @oneOf(ConsistencyView)
  async consistency(
    @Query() { from, to, shard }: ConsistencyQuery,
    @Res({ passthrough: true }) reply: Reply,
    @Headers('accept') accept?: string,
  ): Promise<ConsistencyView | string> {
    const proof = await this.proofs.consistency(await this.heads.newest(shard), from, to);
    if (!prefersText(accept))
      return { shard: proof.shard, from, to: proof.size, path: base64(proof), checkpoint: proof.checkpoint };
    reply.header('Content-Type', TEXT);
    return formatConsistency({ oldSize: from, path: proof.path, checkpoint: published(proof, '/to') });
  }

  @Get('tile/*')
  @Requires('ledger:read')
  @Header('Content-Type', 'application/octet-stream')
  @ApiOperation({ summary: 'Hashes and entries as the static files of C2SP tlog-tiles' })
  @ApiParam({
    name: 'path',
    type: String,
    example: '0/000.p/1',
    description: '`<level>/<n>` or `entries/<n>`, with `.p/<width>` at the right edge.',
  })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async tile(
    @Req() request: TileRequest,
    @Query() { shard }: ShardQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StreamableFile> {
    const tile = parseTilePath(`tile/${request.params['*']}`);
    const head = await this.heads.newest(shard);
    if (!tile || !isWithin(tile, head.size)) throw notFound('tile');
    const from = tile.n * TILE_WIDTH;
    const data =
      tile.kind === 'entries'
        ? entryBundle(await this.tiles.leaves(head.logId, from, from + tile.width))
        : await this.tiles.tile(head.logId, tile);
    // Nothing that is in the log ever changes; only the address of a partial tile goes out of use. Without a shard the address
    // means another log one day.
    const forever = tile.width === TILE_WIDTH && shard !== undefined;
    reply.header('Cache-Control', forever ? 'private, max-age=31536000, immutable' : 'private, max-age=60');
    return new StreamableFile(data, { type: 'application/octet-stream' });
  }
}

const isWithin = ({ level, n, width }: ParsedTilePath, size: number): boolean =>
  n * TILE_WIDTH + width <= Math.floor(size / TILE_WIDTH ** level);

const base64 = ({ path }: Proof): string[] => path.map((hash) => hash.toString('base64'));

function published({ checkpoint, size }: Proof, pointer: string): string {
  if (checkpoint === null)
    throw unprocessable([
      { pointer, detail: `no checkpoint of size ${String(size)} was published; ask for JSON, or leave it out` },
    ]);
  return checkpoint;
}
