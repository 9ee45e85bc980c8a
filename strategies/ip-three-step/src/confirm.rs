//! The second and the third step: the request becomes an allocation, and the others are bullied; or it
//! is given up.

use super::{IpThreeStep, Request};
use contend_guest::{prelude::*, text_of};

const RIVALS: &str =
    "SELECT id, status, requested_at FROM ip_requests WHERE address = ? AND subnet_id = ?";
const ALLOCATE: &str =
    "UPDATE ip_requests SET status = 'ALLOCATED' WHERE id = ? AND requested_at = ?";
const RECYCLE: &str = "UPDATE ip_requests SET status = 'RECYCLABLE' WHERE id = ?";

pub struct Statements {
    rivals: Statement,
    allocate: Statement,
    recycle: Statement,
}

impl Statements {
    pub fn prepare(session: &Session) -> Result<Self, Error> {
        Ok(Self {
            rivals: session.prepare(RIVALS)?,
            allocate: session.prepare(ALLOCATE)?,
            recycle: session.prepare(RECYCLE)?,
        })
    }
}

impl IpThreeStep {
    /// Says whether the address is ours. If not, the request is to be given up.
    pub fn confirm(&self, own: &Request, attempts: &mut Attempts) -> Result<bool, Error> {
        Ok(attempts.step(|| self.allocate_if_first(own))? && attempts.step(|| self.bully(own))?)
    }

    /// If the request can't be given up, it may be ALLOCATED yet: the allocation is `indefinite`.
    pub fn give_up(&self, own: &Request) -> Result<(), Error> {
        sleep(self.give_up_wait);
        let values = [(&*own.id).into()];
        let recycle = || Ok(self.confirmations.recycle.execute(&values)? == 1);
        match self.session.find_own(recycle) {
            Ok(_) => Ok(()),
            Err(error) => {
                let detail = error.into_detail();
                let message = format!("{} may be allocated yet: {}", own.address, detail.message);
                Err(Error::indefinite(&detail.code, message))
            }
        }
    }

    fn allocate_if_first(&self, own: &Request) -> Result<bool, Error> {
        self.session.transaction(|| {
            for row in self.rivals(own)? {
                let is_older = text_of(&row, 2)? < &*own.requested_at;
                match text_of(&row, 1)? {
                    "ALLOCATED" => return Ok(false),
                    "REQUESTED" if is_older => return Ok(false),
                    _ => {}
                }
            }
            let values = [&*own.id, &own.requested_at].map(Value::from);
            Ok(self.confirmations.allocate.execute(&values)? == 1)
        })
    }

    fn bully(&self, own: &Request) -> Result<bool, Error> {
        self.session.transaction(|| {
            let rows = self.rivals(own)?;
            let (mut ids, mut timestamps) = (Vec::new(), Vec::new());
            for row in &rows {
                let requested_at = text_of(row, 2)?;
                if requested_at != own.requested_at {
                    ids.push(Value::from(text_of(row, 0)?));
                    timestamps.push(Value::from(requested_at));
                }
            }
            let others = ids.len();
            match others {
                // Not even the own one.
                _ if others == rows.len() => Ok(false),
                0 => Ok(true),
                _ => Ok(self.overwrite(own, ids, timestamps)? >= others as u64),
            }
        })
    }

    /// Gives the number of requests that now have our timestamp and had another. By id, so that no
    /// rows of other addresses are locked.
    fn overwrite(
        &self,
        own: &Request,
        ids: Vec<Value>,
        timestamps: Vec<Value>,
    ) -> Result<u64, Error> {
        Update::table("ip_requests")
            .set("requested_at", &*own.requested_at)
            .when(column("id").is_in(ids))
            .when(column("requested_at").is_in(timestamps))
            .build()?
            .execute(&self.session, &[])
    }

    /// All requests for the address, the own one among them.
    fn rivals(&self, own: &Request) -> Result<Vec<Row>, Error> {
        let values = [&*own.address, &own.pool.subnet].map(Value::from);
        self.confirmations.rivals.query(&values)
    }
}
